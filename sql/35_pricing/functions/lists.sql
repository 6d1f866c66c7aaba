-- What an item costs by the price lists of its business. The order is the same for everybody:
--
-- 1. the higher priority of the list
-- 2. a list for a customer group or an entitlement, before one for a store, before one for a region
--    (a part of a country before the country), before one for everybody
-- 3. the older list
--
-- In a list, the price with the greatest least quantity wins. An item that no list has costs what
-- the catalog says, in the currency of the catalog.

/*
 * Return the price lists of a business that apply to a buyer, in a currency, the first to ask
 * first.
 */
create function pricing.lists_for(context pricing.context, currency text)
returns pricing.price_lists[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return array(
        select price_lists
        from pricing.price_lists
        where
            price_lists.business_id = context.business_id
            and price_lists.is_active
            and price_lists.currency = lists_for.currency
            and (
                price_lists.customer_group_id is null
                or price_lists.customer_group_id = any(context.group_ids)
            )
            and (price_lists.access is null or price_lists.access = any(context.accesses))
            and coalesce(price_lists.store_id = context.store_id, price_lists.store_id is null)
            and pricing.is_within(context.region, price_lists.region)
            and coalesce(price_lists.starts_at <= context.at, true)
            and coalesce(price_lists.ends_at > context.at, true)
        order by
            price_lists.priority desc,
            num_nonnulls(price_lists.customer_group_id, price_lists.access) desc,
            num_nonnulls(price_lists.store_id) desc,
            length(price_lists.region) desc nulls last,
            price_lists.created_at,
            price_lists.id
    );
end;
$$;

/*
 * Return the parts of some lines that have a price of their own: the item (part 0) and its add-ons,
 * each with the price by the catalog.
 */
create function pricing.parts_of(lines pricing.line[])
returns table (place bigint, part bigint, item_id uuid, addon_id uuid, catalog_minor bigint)
language plpgsql
immutable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        line.ordinality,
        0::bigint,
        line.item_id,
        null::uuid,
        line.unit_minor - (
            select coalesce(sum(minor), 0)::bigint from unnest(line.addon_minors) as minor
        )
    from unnest(lines) with ordinality as line
    union all
    select
        line.ordinality,
        addon.place,
        null,
        addon.id,
        addon.minor
    from unnest(lines) with ordinality as line
    cross join unnest(line.addon_ids, line.addon_minors) with ordinality
        as addon (id, minor, place);
end;
$$;

/*
 * Return the first price that some lists have for each part of some lines.
 */
create function pricing.listed_parts(
    lines pricing.line[], lists pricing.price_lists[], business_id uuid
)
returns table (place bigint, part bigint, price_list_id uuid, name text, unit_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select distinct on (parts.place, parts.part)
        parts.place,
        parts.part,
        list.id,
        list.name,
        price_list_items.unit_minor
    from pricing.parts_of(lines) as parts
    inner join pricing.price_list_items
        on
            price_list_items.business_id = listed_parts.business_id
            and (
                price_list_items.service_id = parts.item_id
                or price_list_items.variant_id = parts.item_id
                or price_list_items.addon_id = parts.addon_id
            )
            and price_list_items.min_quantity <= lines[parts.place].quantity
    inner join unnest(lists) with ordinality as list
        on price_list_items.price_list_id = list.id
    order by
        parts.place, parts.part, list.ordinality, price_list_items.min_quantity desc;
end;
$$;

/*
 * Return some lines with the prices of the lists that apply to the buyer. What has no price in the
 * currency that the buyer wants is refused.
 *
 * Errors:  PT400 invalid_input
 */
create function pricing.apply_lists(lines pricing.line[], context pricing.context)
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
    v_currency text = coalesce(context.currency, lines[1].currency);
    v_found record;
begin
    for v_found in
        select
            parts.place,
            sum(
                coalesce(
                    listed.unit_minor,
                    case when lines[parts.place].currency = v_currency then parts.catalog_minor end
                )
            )::bigint as unit_minor,
            bool_or(listed.place is null)
            and lines[parts.place].currency <> v_currency as is_missing,
            max(listed.price_list_id::text) filter (where parts.part = 0) as list_id,
            max(listed.name) filter (where parts.part = 0) as name
        from pricing.parts_of(lines) as parts
        left join pricing.listed_parts(
            lines, pricing.lists_for(context, v_currency), context.business_id
        ) as listed
            on parts.place = listed.place and parts.part = listed.part
        group by parts.place
        order by parts.place
    loop
        v_line = lines[v_found.place];
        if v_found.is_missing then
            perform private.invalid(
                'currency', format('must be one in which %s has a price', v_line.name)
            );
        end if;
        v_line.rules = pricing.trail('catalog', null, 'Catalog', v_line.unit_minor)
        || case
            when v_found.list_id is not null
                then
                    pricing.trail(
                        'price_list', v_found.list_id, v_found.name, v_found.unit_minor
                    )
            else '[]'
        end;
        v_line.unit_minor = v_found.unit_minor;
        v_line.currency = v_currency;
        v_lines[v_found.place] = v_line;
    end loop;
    return v_lines;
end;
$$;

/*
 * Return one entry of what changed a price: the source, and the price of one after it.
 */
create function pricing.trail(source text, id text, name text, unit_minor bigint)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_array(
        jsonb_build_object('source', source, 'id', id, 'name', name, 'unit_minor', unit_minor)
    );
end;
$$;

/*
 * Note the price of a price list's item in the history; null when it has none any more. A list that
 * is gone has no history.
 */
create function pricing.note_item_price(item pricing.price_list_items, unit_minor bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into pricing.price_history (
        business_id, service_id, addon_id, variant_id, price_list_id, min_quantity, currency,
        unit_minor, from_at
    )
    select
        item.business_id, item.service_id, item.addon_id, item.variant_id, price_lists.id,
        item.min_quantity, price_lists.currency, note_item_price.unit_minor, private.now()
    from pricing.price_lists
    where
        price_lists.business_id = item.business_id and price_lists.id = item.price_list_id;
end;
$$;
