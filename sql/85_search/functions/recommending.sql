-- What is recommended: proposals of several reasons, of which only those are shown that the caller
-- may see and can have now.

/*
 * Return the proposals for a reason, the best first; after them, where they may not suffice, what
 * is popular.
 */
create function search.proposals(reason text, subject_id uuid)
returns search.proposal[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case proposals.reason
        when 'bought_together'
            then array(select proposal from search.propose_together(subject_id) as proposal)
        when 'similar'
            then array(select proposal from search.propose_similar(subject_id) as proposal)
        when 'again' then array(select proposal from search.propose_again() as proposal)
        when 'personal'
            then array(select proposal from search.propose_personal() as proposal)
            || array(select proposal from search.propose_popular(false) as proposal)
        when 'popular'
            then array(select proposal from search.propose_popular(false) as proposal)
        when 'trending'
            then array(select proposal from search.propose_popular(true) as proposal)
    end;
end;
$$;

/*
 * Return what is recommended. A product comes only while it can be had; one that the caller has
 * comes only to be bought again.
 *
 * Definer: as search.find.
 */
create function search.recommend(reason text, subject_id uuid, maximum integer)
returns setof public.recommendation
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_criteria constant search.entry_criteria = search.for_caller(null);
    v_owned constant uuid[] = array(
        select own.subject_id
        from search.own_purchases() as own
        where own.kind = 'product' and recommend.reason <> 'again'
    );
    v_proposal search.proposal;
    v_entry search.entries;
    v_shown uuid[] = '{}';
begin
    foreach v_proposal in array
        search.proposals(reason, subject_id)
    loop
        exit when cardinality(v_shown) >= maximum;
        select entries.* into v_entry
        from search.entries
        where
            entries.business_id = v_proposal.business_id
            and entries.kind = v_proposal.kind
            and entries.subject_id = v_proposal.subject_id;
        continue when v_entry.subject_id is null
        or v_entry.subject_id = any(v_owned || v_shown)
        or v_entry.subject_id = recommend.subject_id
        or not search.is_visible(v_entry, v_criteria)
        or v_entry.kind = 'product'
        and not search.is_in_stock(v_entry.business_id, v_entry.subject_id);
        v_shown = v_shown || v_entry.subject_id;
        return query
        select
            v_entry.kind, v_entry.subject_id, v_entry.business_id, v_entry.name, v_entry.currency,
            v_entry.lowest_price_minor, v_proposal.reason, v_proposal.strength;
    end loop;
end;
$$;
