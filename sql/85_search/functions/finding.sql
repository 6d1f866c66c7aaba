-- The search as a whole: what is asked becomes criteria, which become a page of results.

/*
 * Read what somebody asks for.
 *
 * Errors:  PT400 invalid_input
 */
create function search.to_criteria(
    q text, kinds text, filters text, sort text, page_size text, cursor text, wanted text[],
    meaning text
)
returns search.entry_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_criteria search.entry_criteria;
begin
    v_criteria.kinds = search.to_kinds(kinds);
    v_criteria = search.with_filters(
        search.for_caller(v_criteria),
        private.to_object(
            filters, 'filters',
            '{business_id,vertical,categories,brands,currency,min_price_minor,max_price_minor,'
            'in_stock,min_rating,near,radius_km,attributes}'
        )
    );
    v_criteria = search.with_page(v_criteria, sort, page_size, cursor);
    return search.with_meaning(search.with_words(v_criteria, q, wanted), meaning);
end;
$$;

/*
 * Return a page of results as public.search does.
 *
 * Definer: nobody reads entries. Every question begins with search.for_caller, which says what the
 * caller may see.
 *
 * Errors:  PT400 invalid_input
 */
create function search.find(
    q text, kinds text, filters text, sort text, page_size text, cursor text, facets text,
    explain text, wanted text[], meaning text default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_has_facets constant boolean = coalesce(private.to_yes_no(facets, 'facets'), false);
    v_is_explained constant boolean = coalesce(private.to_yes_no(explain, 'explain'), false);
    v_criteria constant search.entry_criteria = search.to_criteria(
        q, kinds, filters, sort, page_size, cursor, wanted, meaning
    );
    v_hits constant search.hit[] = search.page_of(v_criteria);
    v_last constant search.hit = v_hits[v_criteria.page_size];
begin
    if v_has_facets and v_criteria.words is null and v_criteria.business_id is null then
        perform private.invalid('facets', 'requires q or filters.business_id');
    end if;
    return jsonb_build_object(
        'results', (
            select coalesce(
                jsonb_agg(
                    search.shown(v_hits[position], v_criteria, wanted, v_is_explained)
                    order by position
                ),
                '[]'
            )
            from generate_series(1, least(cardinality(v_hits), v_criteria.page_size)) as position
        ),
        'facets', case when v_has_facets then search.facets(v_criteria) end,
        'next_cursor', case
            when cardinality(v_hits) > v_criteria.page_size then v_last.rank || ',' || v_last.id
        end
    );
end;
$$;
