-- What a search shows of a result: its row, the words that fit in its texts, and how its score came
-- about.

/*
 * Return the words and stems that count as some terms, and the beginnings of unfinished words.
 */
create function search.sought(terms search.term[])
returns text[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct unnest(array[term.word] || term.stems || term.similar_words)
        from unnest(terms) as term
    );
end;
$$;

/*
 * Does a word of a text count as one of some terms?
 */
create function search.is_sought(word text, terms search.term[], sought text[])
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return word = any(sought)
    or exists (
        select 1
        from unnest(terms) as term
        where term.is_prefix and starts_with(is_sought.word, term.word)
    )
    -- A stem begins like its word, so most words need not be looked up.
    or left(word, 2) = any(array(select left(part, 2) from unnest(sought) as part))
    and search.stems(word) && sought;
end;
$$;

/*
 * Return a text in pieces, of which those that fit some terms are marked: [{text, is_match}, …].
 * Clients put the marks in their own markup.
 */
create function search.marked(value text, terms search.term[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_sought constant text[] = search.sought(terms);
begin
    return (
        with pieces as (
            select
                piece.position,
                piece.match[1] as text,
                coalesce(
                    piece.match[1] ~ '[[:alnum:]]'
                    and search.is_sought(search.fold(piece.match[1]), terms, v_sought),
                    false
                ) as is_match
            from regexp_matches(marked.value, '[[:alnum:]]+|[^[:alnum:]]+', 'g')
                with ordinality as piece (match, position)
        ),

        grouped as (
            select
                pieces.*,
                pieces.position - row_number() over (
                    partition by pieces.is_match order by pieces.position
                ) as run
            from pieces
        ),

        runs as (
            select
                min(grouped.position) as position,
                string_agg(grouped.text, '' order by grouped.position) as text,
                grouped.is_match
            from grouped
            group by grouped.is_match, grouped.run
        )

        select coalesce(
            jsonb_agg(
                jsonb_build_object('text', runs.text, 'is_match', runs.is_match)
                order by runs.position
            ),
            '[]'
        )
        from runs
    );
end;
$$;

/*
 * Return the part of a description around the first word that fits, of about 160 characters.
 */
create function search.excerpt(value text, terms search.term[])
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lower constant text = lower(value);
    v_first integer;
begin
    if length(value) <= 160 then
        return value;
    end if;
    select min(strpos(v_lower, part)) into v_first
    from unnest(search.sought(terms)) as part
    where strpos(v_lower, part) > 0;
    v_first = greatest(coalesce(v_first, 1) - 60, 1);
    return case when v_first > 1 then '…' else '' end
    || btrim(regexp_replace(substr(value, v_first, 160), case when v_first > 1 then '^\S*\s' else '^' end, ''))
    || case when v_first + 160 <= length(value) then '…' else '' end;
end;
$$;

/*
 * Return the description of a product, a service or a business in the language that suits best.
 */
create function search.texts_of(hit search.hit, wanted text[], out name text, out description text)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    case hit.kind
        when 'product' then
            select coalesce(best.name, products.name), coalesce(best.description, products.description)
            into texts_of.name, texts_of.description
            from catalog.products
            cross join lateral catalog.best_translation(products.business_id, products.id, wanted)
                as best
            where products.business_id = hit.business_id and products.id = hit.id;
        when 'service' then
            select services.name, services.description
            into texts_of.name, texts_of.description
            from catalog.services
            where services.business_id = hit.business_id and services.id = hit.id;
        when 'business' then
            select businesses.name, businesses.description
            into texts_of.name, texts_of.description
            from business.businesses
            where businesses.id = hit.id;
    end case;
end;
$$;

/*
 * Return how the score of an entry comes about: the parts of docs/search.md, which add up to it.
 */
create function search.explained(criteria search.entry_criteria, entry search.entries)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'words', coalesce(ts_rank('{0.1,0.2,0.4,1}', entry.words, criteria.words), 0),
        'name', case
            when entry.folded_name = criteria.folded then 0.5
            when starts_with(entry.folded_name, criteria.folded) then 0.2
            else 0
        end,
        'rating', 0.15::real * entry.rating,
        'popularity', 0.1::real * entry.popularity,
        'verified', case when entry.is_verified then 0.05 else 0 end,
        'query', criteria.words::text
    );
end;
$$;

/*
 * Return a result as search shows it.
 */
create function search.shown(
    hit search.hit, criteria search.entry_criteria, wanted text[], is_explained boolean
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_texts record;
    v_entry search.entries;
begin
    v_texts = search.texts_of(hit, wanted);
    select entries.* into v_entry
    from search.entries
    where
        entries.business_id = hit.business_id and entries.kind = hit.kind and entries.subject_id = hit.id;
    return jsonb_build_object(
        'kind', hit.kind,
        'id', hit.id,
        'business_id', hit.business_id,
        'name', v_texts.name,
        'currency', v_entry.currency,
        'lowest_price_minor', v_entry.lowest_price_minor,
        'highest_price_minor', v_entry.highest_price_minor,
        'score', case
            when criteria.meant is not null and criteria.sort = 'relevance' then hit.rank
            else v_entry.standing + search.word_score(
                criteria.words, criteria.folded, v_entry.words, v_entry.folded_name
            )
        end,
        'highlights', case
            when criteria.terms is not null then jsonb_strip_nulls(jsonb_build_object(
                'name', search.marked(v_texts.name, criteria.terms),
                'description', search.marked(
                    search.excerpt(nullif(v_texts.description, ''), criteria.terms), criteria.terms
                )
            ))
            else '{}'
        end
    )
    || case
        when is_explained
            then jsonb_build_object(
                'explanation', case
                    when criteria.meant is not null and criteria.sort = 'relevance'
                        then search.mix_explained(criteria, hit)
                    else search.explained(criteria, v_entry)
                end
            )
        else '{}'
    end;
end;
$$;
