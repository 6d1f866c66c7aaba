-- What promotions take off. They apply in the order of pricing.promotions_for, each to what the one
-- before it left. A share or an amount is taken off all the lines that it concerns and allocated to
-- them by largest remainder, so that the parts add up and no line falls below zero. A promotion
-- that cannot be combined applies alone: it is left out if another applied, and nothing follows it.
-- Gift cards and shipping are never discounted.

/*
 * Return what a promotion takes off each line, of what remains of it.
 */
create function pricing.discount_parts(
    promotion pricing.promotions, lines pricing.line[], remaining bigint[]
)
returns bigint[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_item_ids uuid[] = pricing.named_items(promotion, lines);
    v_weights bigint[] = array(
        select
            case
                when v_item_ids is null or line.item_id = any(v_item_ids)
                    then remaining[line.ordinality]
                else 0
            end
        from unnest(lines) with ordinality as line
        order by line.ordinality
    );
    v_base numeric = (select sum(weight) from unnest(v_weights) as weight);
begin
    if v_base = 0 then
        return v_weights;
    end if;
    case promotion.kind
        when 'percent' then
            return pricing.split(round(v_base * promotion.percent_bps / 10000)::bigint, v_weights);
        when 'fixed' then
            return pricing.split(least(promotion.amount_minor, v_base)::bigint, v_weights);
        else
            return pricing.free_parts(promotion, lines, v_weights);
    end case;
end;
$$;

/*
 * Return the worth of the units that are free, line by line: the cheapest of those that a promotion
 * concerns. Of every buy_quantity + get_quantity, get_quantity are free, and of what is left over
 * those beyond buy_quantity; a free item is free get_quantity times.
 */
create function pricing.free_parts(
    promotion pricing.promotions, lines pricing.line[], weights bigint[]
)
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_count bigint;
    v_set integer = promotion.buy_quantity + promotion.get_quantity;
begin
    v_count = (
        select sum(line.quantity)
        from unnest(lines) with ordinality as line
        where weights[line.ordinality] > 0
    );
    v_count = case
        when promotion.kind = 'free_item' then least(v_count, promotion.get_quantity)
        else v_count / v_set * promotion.get_quantity
            + greatest(0, v_count % v_set - promotion.buy_quantity)
    end;
    return array(
        select least(weights[units.place], units.free * units.unit_minor)
        from (
            select
                line.ordinality as place,
                line.unit_minor,
                case
                    when weights[line.ordinality] = 0 then 0
                    else greatest(0, least(
                        line.quantity,
                        v_count - sum(line.quantity) filter (where weights[line.ordinality] > 0)
                            over (order by line.unit_minor, line.ordinality) + line.quantity
                    ))
                end as free
            from unnest(lines) with ordinality as line
        ) as units
        order by units.place
    );
end;
$$;

/*
 * Return the entries of a promotion that takes some parts off the lines: a share of each that the
 * platform bears, and the rest that the business bears.
 */
create function pricing.shared_discounts(
    promotion pricing.promotions, coupon_id uuid, parts bigint[]
)
returns pricing.discount[]
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_total numeric = (select sum(part) from unnest(parts) as part);
    v_platform bigint[] = case
        when promotion.platform_bps = 0 then array_fill(0::bigint, array[cardinality(parts)])
        else pricing.split(round(v_total * promotion.platform_bps / 10000)::bigint, parts)
    end;
begin
    return array(
        select pricing.make_discount(
            taken.place, promotion, shared_discounts.coupon_id, borne.bearer, borne.amount_minor
        )
        from unnest(parts, v_platform) with ordinality as taken (part, platform_part, place)
        cross join lateral (
            values
            ('business', taken.part - taken.platform_part),
            ('platform', taken.platform_part)
        ) as borne (bearer, amount_minor)
        where borne.amount_minor > 0
        order by taken.place, borne.bearer
    );
end;
$$;

/*
 * Make what a promotion takes off a line.
 */
create function pricing.make_discount(
    place bigint, promotion pricing.promotions, coupon_id uuid, bearer text, amount_minor bigint
)
returns pricing.discount
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_discount pricing.discount;
begin
    v_discount.place = make_discount.place;
    v_discount.promotion_id = promotion.id;
    v_discount.coupon_id = make_discount.coupon_id;
    v_discount.name = promotion.name;
    v_discount.bearer = make_discount.bearer;
    v_discount.amount_minor = make_discount.amount_minor;
    return v_discount;
end;
$$;

/*
 * Return what promotions may reduce of each line: what allowances left of it. Gift cards and
 * shipping are never reduced.
 */
create function pricing.unpaid_parts(lines pricing.line[], allowances pricing.discount[])
returns bigint[]
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select
            case
                when line.kind in ('gift_card', 'shipping') then 0
                else line.unit_minor * line.quantity
            end - coalesce(
                (
                    select sum(allowance.amount_minor)
                    from unnest(allowances) as allowance
                    where allowance.place = line.ordinality
                ),
                0
            )
        from unnest(lines) with ordinality as line
        order by line.ordinality
    );
end;
$$;

/*
 * Return what promotions take off some lines, of what allowances left of them.
 *
 * Errors:  PT409 coupon_exhausted · PT422 coupon_invalid
 */
create function pricing.discounts_of(
    lines pricing.line[], context pricing.context, allowances pricing.discount[]
)
returns pricing.discount[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_remaining bigint[] = pricing.unpaid_parts(lines, allowances);
    v_spend bigint = (select sum(amount) from unnest(v_remaining) as amount);
    v_found record;
    v_obstacle text;
    v_parts bigint[];
    v_discounts pricing.discount[] = '{}';
    v_is_alone boolean = false;
begin
    for v_found in
        select found.promotion, found.coupon_id
        from pricing.promotions_for(context) as found
    loop
        v_parts = pricing.discount_parts(v_found.promotion, lines, v_remaining);
        v_obstacle = case
            when v_is_alone or v_discounts <> '{}' and not (v_found.promotion).is_combinable
                then 'not_combinable'
            else pricing.spending_obstacle(
                v_found.promotion, context, lines[1].currency, v_spend, v_parts
            )
        end;
        if v_obstacle is null then
            v_discounts = v_discounts
            || pricing.shared_discounts(v_found.promotion, v_found.coupon_id, v_parts);
            v_remaining = array(
                select remaining.minor - remaining.part
                from unnest(v_remaining, v_parts) with ordinality as remaining (minor, part, place)
                order by remaining.place
            );
            v_is_alone = not (v_found.promotion).is_combinable;
        elsif v_found.coupon_id is not null then
            perform pricing.refuse_coupon(v_obstacle);
        end if;
    end loop;
    return v_discounts;
end;
$$;

/*
 * Return why a promotion does not apply, as pricing.promotion_obstacle does, or because of what it
 * would take off: nothing, or more than is left of its budget.
 */
create function pricing.spending_obstacle(
    promotion pricing.promotions,
    context pricing.context,
    currency text,
    spend_minor bigint,
    parts bigint[]
)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_total numeric = (select sum(part) from unnest(parts) as part);
begin
    return coalesce(
        pricing.promotion_obstacle(
            promotion, context, spending_obstacle.currency, spending_obstacle.spend_minor
        ),
        case
            when v_total = 0 then 'nothing'
            when promotion.spent_minor + v_total > promotion.max_spend_minor then 'exhausted'
        end
    );
end;
$$;
