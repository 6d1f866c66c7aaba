-- Which rules change a price, and in which order:
--
-- 1. the higher priority
-- 2. the rule with more conditions
-- 3. the older rule
--
-- Each rule changes the price that the one before it left, rounded half away from zero to a whole
-- minor unit and never below zero. After a final rule no other changes the price. No rule changes
-- the price of a gift card or of shipping.

/*
 * Return the active rules of a business that may hold for some lines: those that the buyer, the
 * moment, the store and the region meet.
 */
create function pricing.rules_for(lines pricing.line[], context pricing.context)
returns setof pricing.price_rules
language plpgsql
stable
security invoker
rows 200
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
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
        and (
            price_rules.region is null
            or pricing.is_within(context.region, price_rules.region)
        );
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
    lead_minutes integer,
    demand_bps integer,
    staff_level text
)
language plpgsql
stable
security invoker
rows 5
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
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
        floor(extract(epoch from line.starts_at - context.at) / 60)::integer,
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
    from unnest(lines) with ordinality as line
    where line.kind not in ('gift_card', 'shipping');
end;
$$;

/*
 * Return each rule that may hold, for each line that it concerns, in the order above, with the
 * first condition that the line does not meet: null where it holds. `is_brief`: only those that
 * hold.
 */
create function pricing.judged_rules(
    lines pricing.line[], context pricing.context, is_brief boolean
)
returns table (
    place bigint, rule_id uuid, name text, change_bps integer, change_minor bigint,
    unit_minor bigint, is_final boolean, unmet text
)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        facts.place, rules.id, rules.name, rules.change_bps, rules.change_minor, rules.unit_minor,
        rules.is_final, judged.unmet
    from pricing.facts_of(lines, context) as facts
    inner join pricing.rules_for(lines, context) as rules
        on coalesce(rules.service_id = facts.item_id, rules.service_id is null)
    cross join lateral (
        select case
            when facts.quantity < rules.min_quantity or facts.quantity > rules.max_quantity
                then 'quantity'
            when (rules.weekdays is null or facts.weekday = any(rules.weekdays)) is not true
                then 'weekday'
            -- By day it begins after the one and before the other; by night one of the two is enough.
            when (
                rules.from_time is null
                or (facts.begins_at >= rules.from_time and facts.begins_at < rules.until_time)
                or rules.from_time > rules.until_time
                and (facts.begins_at >= rules.from_time or facts.begins_at < rules.until_time)
            ) is not true then 'time'
            when (rules.from_on is null or facts.begins_on >= rules.from_on) is not true
                or (rules.until_on is null or facts.begins_on <= rules.until_on) is not true
                then 'season'
            when (
                (rules.min_lead_minutes is null or facts.lead_minutes >= rules.min_lead_minutes)
                and (rules.max_lead_minutes is null or facts.lead_minutes < rules.max_lead_minutes)
            ) is not true then 'lead time'
            when (
                (rules.min_demand_bps is null or facts.demand_bps >= rules.min_demand_bps)
                and (rules.max_demand_bps is null or facts.demand_bps <= rules.max_demand_bps)
            ) is not true then 'demand'
            when (rules.staff_level is null or facts.staff_level = rules.staff_level) is not true
                then 'staff level'
        end as unmet
    ) as judged
    where judged.unmet is null or not is_brief
    order by
        facts.place, rules.priority desc, rules.condition_count desc, rules.created_at, rules.id;
end;
$$;

/*
 * Return the price of one after each rule that holds, line by line and rule by rule.
 */
create function pricing.rule_steps(lines pricing.line[], context pricing.context)
returns table (place bigint, rule_id uuid, name text, unit_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_rule record;
    v_final_place bigint = 0;
begin
    place = 0;
    for v_rule in
        select judged.* from pricing.judged_rules(lines, context, is_brief => true) as judged
    loop
        continue when v_rule.place = v_final_place;
        if v_rule.place <> place then
            place = v_rule.place;
            unit_minor = lines[place].unit_minor;
        end if;
        rule_id = v_rule.rule_id;
        name = v_rule.name;
        unit_minor = least(
            greatest(
                coalesce(
                    v_rule.unit_minor,
                    unit_minor + v_rule.change_minor,
                    round(unit_minor::numeric * (10000 + v_rule.change_bps) / 10000)::bigint
                ),
                0
            ),
            1000000000000
        );
        return next;
        if v_rule.is_final then
            v_final_place = place;
        end if;
    end loop;
end;
$$;

/*
 * Return some lines with the prices that the rules of the business make of them, and with the price
 * after each rule.
 */
create function pricing.apply_rules(lines pricing.line[], context pricing.context)
returns pricing.line[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_lines pricing.line[] = lines;
    v_line pricing.line;
    v_found record;
begin
    for v_found in
        select
            steps.place,
            jsonb_agg(
                jsonb_build_object(
                    'source', 'rule',
                    'id', steps.rule_id,
                    'name', steps.name,
                    'unit_minor', steps.unit_minor
                )
                order by steps.step
            ) as trail
        from pricing.rule_steps(lines, context)
            with ordinality as steps (place, rule_id, name, unit_minor, step)
        group by steps.place
    loop
        v_line = lines[v_found.place];
        if v_line.rules = '[]' then
            v_line.rules = pricing.trail('catalog', null, 'Catalog', v_line.unit_minor);
        end if;
        v_line.rules = v_line.rules || v_found.trail;
        v_line.unit_minor = (v_found.trail -> -1 ->> 'unit_minor')::bigint;
        v_lines[v_found.place] = v_line;
    end loop;
    return v_lines;
end;
$$;
