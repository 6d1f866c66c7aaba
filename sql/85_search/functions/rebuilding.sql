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
 * Delete the entries of products and services that exist no more, and count the words of entries
 * anew: words that no entry has are deleted, and missing ones are added. Returns how many entries
 * were deleted.
 *
 * Definer: called by the worker, which has no access to the catalog.
 */
create function search.delete_leftovers()
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('search.delete_leftovers', 0));
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
    with present as materialized (
        select counted.word
        from ts_stat('select words from search.entries') as counted
        where counted.word ~ '^[[:alpha:]]{3,40}$'
    ),

    deleted as (
        delete from search.words
        where not exists (select 1 from present where present.word = words.word)
    )

    insert into search.words (word, shortened)
    select present.word, search.shortened(present.word)
    from present
    where not exists (select 1 from search.words where words.word = present.word);
    return v_count;
end;
$$;

/*
 * Do what the search needs once a day: delete what is left over, and count sales where nothing is
 * counted, as after a restore that left the counts out.
 *
 * Definer: as search.delete_leftovers.
 */
create function search.keep_house()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.delete_leftovers();
    if not exists (select 1 from search.popular) then
        perform search.count_sales();
    end if;
end;
$$;
