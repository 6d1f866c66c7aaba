-- What somebody may be about to type: names that begin with it, then names that contain it, then
-- names one typing error away. Each name is suggested once, for its best entry.

/*
 * Return entries with different names that begin with what was typed, in the order of names. Each
 * name is one step in the index, however many entries have it.
 */
create function search.entries_beginning(criteria search.entry_criteria, maximum integer)
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_entry search.entries;
    v_last text = '';
begin
    for i in 1 .. maximum loop
        select entries.* into v_entry
        from search.entries
        where
            entries.folded_name collate "C" >= criteria.folded
            and entries.folded_name collate "C" > v_last
            -- The last character that there is.
            and entries.folded_name collate "C" < criteria.folded || chr(1114111)
            and search.is_visible(entries, criteria)
        order by entries.folded_name collate "C", entries.standing desc
        limit 1;
        exit when v_entry.subject_id is null;
        return next v_entry;
        v_last = v_entry.folded_name;
    end loop;
end;
$$;

/*
 * Return those of the best thousand entries of all whose names begin with what was typed.
 */
create function search.best_entries_beginning(criteria search.entry_criteria)
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select best.*
    from (
        select entries.*
        from search.entries
        order by entries.standing desc, entries.subject_id
        limit 1000
    ) as best
    where starts_with(best.folded_name, criteria.folded) and search.is_visible(best, criteria);
end;
$$;

/*
 * Return some entries that contain the words: those of the best two thousand entries of all, and if
 * these are few, others that are found by their words. An entry may come twice.
 */
create function search.entries_containing(criteria search.entry_criteria, maximum integer)
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = 'off'
as $$
declare
    v_count bigint;
begin
    return query
    select best.*
    from (
        select entries.*
        from search.entries
        order by entries.standing desc, entries.subject_id
        limit 2000
    ) as best
    where best.words @@ criteria.words and search.is_visible(best, criteria)
    limit maximum;
    get diagnostics v_count = row_count;
    if v_count < 10 then
        return query
        select entries.*
        from search.entries
        where entries.words @@ criteria.words and search.is_visible(entries, criteria)
        limit maximum;
    end if;
end;
$$;

/*
 * May the caller see an entry, and is it of a kind that was asked for?
 */
create function search.is_visible(entry search.entries, criteria search.entry_criteria)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return entry.business_id <> all(criteria.hidden_businesses)
    and (criteria.kinds is null or entry.kind = any(criteria.kinds))
    and (
        entry.access is null
        or entry.business_id || ' ' || entry.access = any(criteria.passes)
        or entry.business_id = any(criteria.own_businesses)
    );
end;
$$;

/*
 * Return suggestions for what somebody types, best first.
 *
 * Definer: as search.find.
 *
 * Errors:  PT400 invalid_input
 */
create function search.suggest(q text, kinds text, wanted text[], page_size integer)
returns setof public.suggestion
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_criteria search.entry_criteria = search.for_caller(null);
    v_entries search.entries[];
begin
    v_criteria.kinds = search.to_kinds(kinds);
    v_criteria.folded = search.fold(q);
    if v_criteria.folded = '' then
        return;
    end if;
    v_entries = array(select entry from search.entries_beginning(v_criteria, 30) as entry)
    || array(select entry from search.best_entries_beginning(v_criteria) as entry);
    if cardinality(v_entries) < page_size then
        v_criteria.terms = search.terms(q, wanted);
        v_criteria.words = search.to_query(v_criteria.terms);
        v_entries = v_entries
        || array(select entry from search.entries_containing(v_criteria, 50) as entry);
    end if;
    if v_entries = '{}' then
        v_criteria.words = search.to_query(search.with_similar_words(v_criteria.terms));
        v_entries = array(select entry from search.entries_containing(v_criteria, 50) as entry);
    end if;
    return query
    select best.kind, best.subject_id, best.business_id, best.name
    from (
        select distinct on (entry.folded_name) entry.*
        from unnest(v_entries) as entry
        order by entry.folded_name, entry.standing desc, entry.subject_id
    ) as best
    order by
        starts_with(best.folded_name, v_criteria.folded) desc, best.standing desc, best.folded_name
    limit page_size;
end;
$$;
