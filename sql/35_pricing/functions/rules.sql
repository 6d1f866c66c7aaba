-- Which rules change a price, and in which order:
--
-- 1. the higher priority
-- 2. the rule with more conditions
-- 3. the older rule
--
-- Each rule changes the price that the one before it left, rounded half away from zero to a whole
-- minor unit and never below zero. After a final rule no other changes the price.

/*
 * Return the active rules of a business that may hold for some lines: those that the buyer, the
 * moment, the store and the region meet.
 */
create function pricing.rules_for(lines pricing.line[], context pricing.context)
returns setof pricing.price_rules
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select price_rules.*
    from pricing.price_rules
    where
        price_rules.business_id = context.business_id
        and price_rules.is_active
        and (
            price_rules.service_id is null
            or price_rules.service_id = any(array(select line.item_id from unnest(lines) as line))
        )
        and coalesce(price_rules.starts_at <= context.at, true)
        and coalesce(price_rules.ends_at > context.at, true)
        and coalesce(price_rules.currency = lines[1].currency, true)
        and (
            price_rules.customer_group_id is null
            or price_rules.customer_group_id = any(context.group_ids)
        )
        and (price_rules.access is null or price_rules.access = any(context.accesses))
        and coalesce(price_rules.store_id = context.store_id, price_rules.store_id is null)
        and pricing.is_within(context.region, price_rules.region);
end;
$$;

/*
 * Return what rules may ask about each line: when it begins by the clock of the business, how far
 * ahead it is bought, how much of that day is taken, and who provides it.
 */
create function pricing.facts_of(lines pricing.line[], context pricing.context)
returns table (
    place bigint,
    item_id uuid,
    quantity integer,
    begins_on date,
    begins_at time,
    weekday smallint,
    lead_minutes numeric,
    demand_bps integer,
    staff_level text
)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        line.ordinality,
        line.item_id,
        line.quantity,
        (line.starts_at at time zone context.time_zone)::date,
        (line.starts_at at time zone context.time_zone)::time,
        extract(isodow from line.starts_at at time zone context.time_zone)::smallint,
        extract(epoch from line.starts_at - context.at) / 60,
        (
            select day_demands.demand_bps
            from pricing.day_demands
            where
                day_demands.business_id = context.business_id
                and day_demands.day = (line.starts_at at time zone context.time_zone)::date
                and coalesce(day_demands.service_id = line.item_id, day_demands.service_id is null)
            order by day_demands.service_id nulls last
            limit 1
        ),
        (
            select resources.staff_level
            from catalog.resources
            where
                resources.business_id = context.business_id
                and resources.id = line.resource_id
        )
    from unnest(lines) with ordinality as line;
end;
$$;

/*
 * Return each rule that may hold, for each line that it concerns, in the order in which rules
 * apply, with the first condition that the line does not meet: null where the rule holds.
 */
create function pricing.judged_rules(lines pricing.line[], context pricing.context)
returns table (place bigint, rank bigint, rule pricing.price_rules, unmet text)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        facts.place,
        row_number() over (
            partition by facts.place
            order by
                rules.priority desc, pricing.condition_count(rules) desc, rules.created_at, rules.id
        ),
        rules::pricing.price_rules,
        case
            when facts.quantity < rules.min_quantity or facts.quantity > rules.max_quantity
                then 'quantity'
            when not coalesce(facts.weekday = any(rules.weekdays), rules.weekdays is null)
                then 'weekday'
            when not coalesce(
                case
                    when rules.from_time < rules.until_time
                        then
                            facts.begins_at >= rules.from_time
                            and facts.begins_at < rules.until_time
                    else facts.begins_at >= rules.from_time or facts.begins_at < rules.until_time
                end,
                rules.from_time is null
            ) then 'time'
            when not coalesce(facts.begins_on >= rules.from_on, rules.from_on is null)
                or not coalesce(facts.begins_on <= rules.until_on, rules.until_on is null)
                then 'season'
            when not coalesce(
                facts.lead_minutes >= rules.min_lead_minutes, rules.min_lead_minutes is null
            )
            or not coalesce(
                facts.lead_minutes < rules.max_lead_minutes, rules.max_lead_minutes is null
            ) then 'lead time'
            when not coalesce(
                facts.demand_bps >= rules.min_demand_bps, rules.min_demand_bps is null
            )
            or not coalesce(
                facts.demand_bps <= rules.max_demand_bps, rules.max_demand_bps is null
            ) then 'demand'
            when not coalesce(facts.staff_level = rules.staff_level, rules.staff_level is null)
                then 'staff level'
        end
    from pricing.facts_of(lines, context) as facts
    inner join pricing.rules_for(lines, context) as rules
        on rules.service_id is null or facts.item_id = rules.service_id
    order by 1, 2;
end;
$$;

/*
 * Return how many conditions a rule has.
 */
create function pricing.condition_count(rule pricing.price_rules)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return num_nonnulls(
        rule.service_id, rule.min_quantity, rule.max_quantity, rule.weekdays, rule.from_time,
        rule.from_on, rule.until_on, rule.min_lead_minutes, rule.max_lead_minutes,
        rule.min_demand_bps, rule.max_demand_bps, rule.staff_level, rule.customer_group_id,
        rule.access, rule.store_id, rule.region
    );
end;
$$;

/*
 * Return a line after some rules, in their order.
 */
create function pricing.apply_rules_to(line pricing.line, rules pricing.price_rules[])
returns pricing.line
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_line pricing.line = line;
    v_rule pricing.price_rules;
    v_price numeric;
begin
    if v_line.rules = '[]' and rules <> '{}' then
        v_line.rules = pricing.trail('catalog', null, 'Catalog', v_line.unit_minor);
    end if;
    foreach v_rule in array rules loop
        v_price = coalesce(
            v_rule.unit_minor,
            v_line.unit_minor + v_rule.change_minor,
            round(v_line.unit_minor::numeric * (10000 + v_rule.change_bps) / 10000)
        );
        v_line.unit_minor = least(greatest(v_price, 0), 1000000000000);
        v_line.rules = v_line.rules
        || pricing.trail('rule', v_rule.id::text, v_rule.name, v_line.unit_minor);
        exit when v_rule.is_final;
    end loop;
    return v_line;
end;
$$;

/*
 * Return some lines with the prices that the rules of the business make of them.
 */
create function pricing.apply_rules(lines pricing.line[], context pricing.context)
returns pricing.line[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines pricing.line[] = lines;
    v_found record;
begin
    for v_found in
        select judged.place, array_agg(judged.rule order by judged.rank) as rules
        from pricing.judged_rules(lines, context) as judged
        where judged.unmet is null
        group by judged.place
    loop
        v_lines[v_found.place] = pricing.apply_rules_to(lines[v_found.place], v_found.rules);
    end loop;
    return v_lines;
end;
$$;
