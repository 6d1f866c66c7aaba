-- Writing all entries anew, after a load that fired no triggers, or after a release that changed
-- what entries contain.

/*
 * Write the entries of the next products, services or businesses, in the order of their ids. It
 * returns the last id and how many there were; none when all are done.
 */
create function search.rebuild_batch(
    kind search.kind, after_id uuid, maximum integer, out last_id uuid, out count integer
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    v_ids uuid[];
    v_business_ids uuid[];
begin
    case rebuild_batch.kind
        when 'product' then
            select array_agg(next.id order by next.id), array_agg(distinct next.business_id)
            into v_ids, v_business_ids
            from (
                select products.id, products.business_id
                from catalog.products
                where products.id > after_id
                order by products.id
                limit maximum
            ) as next;
        when 'service' then
            select array_agg(next.id order by next.id), array_agg(distinct next.business_id)
            into v_ids, v_business_ids
            from (
                select services.id, services.business_id
                from catalog.services
                where services.id > after_id
                order by services.id
                limit maximum
            ) as next;
        when 'business' then
            select array_agg(next.id order by next.id)
            into v_ids
            from (
                select businesses.id
                from business.businesses
                where businesses.id > after_id
                order by businesses.id
                limit maximum
            ) as next;
            v_business_ids = v_ids;
    end case;
    count = coalesce(cardinality(v_ids), 0);
    last_id = v_ids[count];
    perform search.write_entries(rebuild_batch.kind, v_business_ids, coalesce(v_ids, '{}'));
end;
$$;

/*
 * Return how many products, services or businesses there are to write entries of.
 */
create function search.rebuild_size(kind search.kind)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case rebuild_size.kind
        when 'product' then (select count(*) from catalog.products)
        when 'service' then (select count(*) from catalog.services)
        when 'business' then (select count(*) from business.businesses)
    end;
end;
$$;

/*
 * Delete the entries of products and services that exist no more, and the words that no entry has.
 * Returns how many entries were deleted.
 */
create function search.delete_leftovers()
returns bigint
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count bigint;
begin
    delete from search.entries
    where
        entries.kind = 'product'
        and not exists (select 1 from catalog.products where products.id = entries.subject_id)
        or entries.kind = 'service'
        and not exists (select 1 from catalog.services where services.id = entries.subject_id);
    get diagnostics v_count = row_count;
    delete from search.words
    using search.words as other
    where words.word = other.word and words.ctid > other.ctid;
    delete from search.words
    where not exists (
        select 1
        from search.entries
        where entries.words @@ words.word::tsquery
    );
    return v_count;
end;
$$;
