-- What points take off. They come after promotions and before tax, take off what is left of all
-- lines but gift cards and shipping, and are allocated to the lines by largest remainder. Here
-- nothing is redeemed: a sale redeems what its quote lists.

/*
 * Return what the points that a buyer redeems take off some lines, of what other discounts left.
 * Of more points than the lines cost, only as many as are needed are used.
 *
 * Errors:  PT400 invalid_input · PT409 insufficient_points
 */
create function pricing.points_discounts(
    lines pricing.line[], context pricing.context, discounts pricing.discount[]
)
returns pricing.discount[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_program loyalty.programs = pricing.program_to_redeem(context, lines[1].currency);
    v_unpaid bigint[] = pricing.unpaid_parts(lines, discounts);
    v_amount bigint = least(
        div(context.redeem_points::numeric * v_program.redeem_minor, v_program.redeem_points),
        (select sum(part) from unnest(v_unpaid) as part)
    );
    v_parts bigint[] = pricing.split(v_amount, v_unpaid);
    v_points bigint[] = pricing.split(
        ceil(v_amount::numeric * v_program.redeem_points / v_program.redeem_minor)::bigint, v_parts
    );
begin
    return array(
        select
            pricing.make_points_discount(
                taken.place, v_program, taken.amount_minor, taken.points
            )
        from unnest(v_parts, v_points) with ordinality as taken (amount_minor, points, place)
        where taken.amount_minor > 0
        order by taken.place
    );
end;
$$;

/*
 * Return the program of which a buyer redeems points. They must have them, in the currency of the
 * lines, and redeem as many as the program asks for.
 *
 * Errors:  PT400 invalid_input · PT409 insufficient_points
 */
create function pricing.program_to_redeem(context pricing.context, currency text)
returns loyalty.programs
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_program loyalty.programs = loyalty.program_of(context.business_id);
    v_points bigint = 0;
begin
    if v_program.currency = program_to_redeem.currency then
        v_points = loyalty.spendable(
            context.business_id,
            coalesce(
                context.customer_id,
                customers.customer_of(context.business_id, context.buyer_id, context.buyer_email)
            ),
            private.now()
        );
    end if;
    if v_points < context.redeem_points then
        perform loyalty.refuse_excess(v_points);
    end if;
    if context.redeem_points < v_program.minimum_redeem_points then
        perform private.invalid(
            'redeem_points', format('must be %s or more here', v_program.minimum_redeem_points)
        );
    end if;
    return v_program;
end;
$$;

/*
 * Make what points take off a line.
 */
create function pricing.make_points_discount(
    place bigint, program loyalty.programs, amount_minor bigint, points bigint
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
    v_discount.place = make_points_discount.place;
    v_discount.name = program.name;
    v_discount.bearer = program.bearer;
    v_discount.amount_minor = make_points_discount.amount_minor;
    v_discount.units = make_points_discount.points;
    return v_discount;
end;
$$;
