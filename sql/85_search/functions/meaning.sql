-- Finding by meaning: which vectors are near the vector of a query, and how their ranks are mixed
-- with the ranks by words. Only search.distance_expression knows whether the database has pgvector.

/*
 * Return the expression of the distance between an entry's vector and the vector $2, whose parts
 * are $4: 1 less their cosine. Where the database has pgvector, it counts, by its index if there
 * is one. Elsewhere the squares of the distances of the parts add up to twice as much, exactly,
 * because the vectors have the length 1.
 */
create function search.distance_expression(size integer)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if to_regtype('extensions.vector') is not null then
        return format(
            '(vectors.vector::extensions.vector(%1$s)'
            ' operator(extensions.<=>) ($2)::extensions.vector(%1$s))',
            size
        );
    end if;
    return (
        select '(' || string_agg(
            format('(vectors.parts[%1$s] operator(extensions.<->) ($4)[%1$s]) ^ 2', number), ' + '
        ) || ') / 2'
        from generate_series(1, ceil(size / 96.0)::integer) as number
    );
end;
$$;

/*
 * Return a vector as points of at most 96 dimensions; a point has at most 100.
 */
create function search.parts_of(vector real[])
returns extensions.cube[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select extensions.cube(vector[first:first + 95]::double precision[])
        from generate_series(1, cardinality(vector), 96) as first
        order by first
    );
end;
$$;

/*
 * Return a vector with its own direction and the length 1; null if it has no direction.
 */
create function search.normalized(vector double precision[])
returns real[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_length constant double precision = (select sqrt(sum(x * x)) from unnest(vector) as x);
begin
    if coalesce(v_length, 0) = 0 then
        return null;
    end if;
    return array(
        select (element.x / v_length)::real
        from unnest(vector) with ordinality as element (x, position)
        order by element.position
    );
end;
$$;

/*
 * Is anybody served by meaning? While nobody is, no vectors are written.
 */
create function search.has_meaning()
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1 from flags.flags where flags.key = 'search_by_meaning' and flags.is_enabled
    );
end;
$$;

/*
 * Return the hundred entries that mean what is most similar to a vector, the nearest first, of
 * those that the caller may see, at the business that was asked for. As with words, filters come
 * later, so that facets are right.
 */
create function search.nearest(criteria search.entry_criteria, model text, vector real[])
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
set jit = 'off'
as $$
declare
    v_criteria search.entry_criteria = criteria;
    v_nearest uuid[];
begin
    v_criteria.words = null;
    execute concat(
        'select array_agg(near.subject_id order by near.distance, near.subject_id) from ('
        'select entries.subject_id, ', search.distance_expression(cardinality(vector)), ' as distance'
        ' from search.vectors inner join search.entries using (business_id, kind, subject_id)'
        ' where vectors.model = $3 and cardinality(vectors.vector) = cardinality($2) and ',
        search.base_conditions(v_criteria),
        ' order by distance limit 100) as near'
        ' where near.distance <= (select 1 - settings.least_similarity from search.settings)'
    ) into v_nearest using v_criteria, vector, model, search.parts_of(vector);
    return coalesce(v_nearest, '{}');
end;
$$;

/*
 * Return criteria with what means something similar to the words, if the flag is on for the caller.
 *
 * Errors:  PT400 invalid_input
 */
create function search.with_meaning(criteria search.entry_criteria, meaning text)
returns search.entry_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_criteria search.entry_criteria = criteria;
    v_meaning constant jsonb = private.to_object(meaning, 'meaning', '{model,vector}');
    v_model constant text = private.to_text(v_meaning ->> 'model', 'meaning.model', 200);
    v_numbers constant jsonb = private.to_list(v_meaning ->> 'vector', 'meaning.vector', 2000);
    v_vector real[];
begin
    if meaning is null then
        return v_criteria;
    elsif v_criteria.words is null then
        perform private.invalid('meaning', 'requires q');
    elsif v_model is null then
        perform private.invalid('meaning.model', 'is required');
    elsif exists (
        select 1
        from jsonb_array_elements(v_numbers) as number (value)
        where jsonb_typeof(number.value) <> 'number' or abs((number.value)::numeric) > 1e6
    ) then
        perform private.invalid('meaning.vector', 'must have numbers from -1000000 to 1000000');
    end if;
    v_vector = search.normalized(
        array(select value::float8 from jsonb_array_elements_text(v_numbers) as number (value))
    );
    if v_vector is null then
        perform private.invalid('meaning.vector', 'must have a number that is not 0');
    end if;
    if private.flag('search_by_meaning') then
        v_criteria.meant = search.nearest(v_criteria, v_model, v_vector);
    end if;
    return v_criteria;
end;
$$;

/*
 * Return the expression of the order by words and meaning: reciprocal rank fusion.
 *
 * Source: Cormack, Clarke and Büttcher, Reciprocal Rank Fusion (2009), with their constant 60.
 */
create function search.mixed_expression()
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return 'case when entries.words @@ ($1).words then 1 / (60 + rank() over (order by'
    ' entries.words @@ ($1).words desc,'
    ' search.word_score(($1).words, ($1).folded, entries.words, entries.folded_name)'
    ' + entries.standing desc))::float8'
    ' else 0 end'
    ' + coalesce(1 / (60 + array_position(($1).meant, entries.subject_id))::float8, 0)';
end;
$$;

/*
 * Return how the rank of a result among words and meaning comes about: two parts, which add up to
 * its score.
 */
create function search.mix_explained(criteria search.entry_criteria, hit search.hit)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_by_meaning constant double precision = coalesce(
        1 / (60 + array_position(criteria.meant, hit.id))::double precision, 0
    );
begin
    return jsonb_build_object(
        'by_words', hit.rank - v_by_meaning,
        'by_meaning', v_by_meaning,
        'query', criteria.words::text
    );
end;
$$;
