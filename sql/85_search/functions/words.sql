-- Words as a search compares them: their stems in several languages, what somebody types as terms,
-- and the words of the catalog that are one typing error away.

/*
 * Return the configuration for texts in a language, or null if its words have no stems here.
 */
create function search.config(locale text)
returns regconfig
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case split_part(lower(locale), '-', 1)
        when 'en' then 'pg_catalog.english'::regconfig
        when 'de' then 'pg_catalog.german'::regconfig
        when 'fr' then 'pg_catalog.french'::regconfig
        when 'es' then 'pg_catalog.spanish'::regconfig
        when 'it' then 'pg_catalog.italian'::regconfig
        when 'pt' then 'pg_catalog.portuguese'::regconfig
        when 'nl' then 'pg_catalog.dutch'::regconfig
        when 'sv' then 'pg_catalog.swedish'::regconfig
        when 'da' then 'pg_catalog.danish'::regconfig
        when 'no' then 'pg_catalog.norwegian'::regconfig
        when 'fi' then 'pg_catalog.finnish'::regconfig
        when 'ru' then 'pg_catalog.russian'::regconfig
    end;
end;
$$;

/*
 * Return the languages of search.config.
 */
create function search.languages()
returns text[]
language sql
immutable
security invoker
set search_path = ''
return '{en,de,fr,es,it,pt,nl,sv,da,no,fi,ru}'::text[];

/*
 * Return the words of a text and, beside them, their stems in the language of the text.
 */
create function search.to_words(value text, weight text, locale text)
returns tsvector
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_config constant regconfig = search.config(locale);
    v_folded constant text = search.fold(value);
begin
    if value is null then
        return '';
    elsif v_config is null then
        return search.to_vector(v_folded, weight);
    end if;
    return search.to_vector(v_folded, weight)
    || setweight(to_tsvector(v_config, left(v_folded, 100000)), weight::"char");
end;
$$;

/*
 * Return the stems of a word in all languages, without the word itself.
 */
create function search.stems(word text)
returns text[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select stems.stem
        from (
            values
            (ts_lexize('pg_catalog.english_stem', word)),
            (ts_lexize('pg_catalog.german_stem', word)),
            (ts_lexize('pg_catalog.french_stem', word)),
            (ts_lexize('pg_catalog.spanish_stem', word)),
            (ts_lexize('pg_catalog.italian_stem', word)),
            (ts_lexize('pg_catalog.portuguese_stem', word)),
            (ts_lexize('pg_catalog.dutch_stem', word)),
            (ts_lexize('pg_catalog.swedish_stem', word)),
            (ts_lexize('pg_catalog.danish_stem', word)),
            (ts_lexize('pg_catalog.norwegian_stem', word)),
            (ts_lexize('pg_catalog.finnish_stem', word)),
            (ts_lexize('pg_catalog.russian_stem', word))
        ) as known (lexemes)
        cross join lateral unnest(known.lexemes) as stems (stem)
        where stems.stem <> word
        group by stems.stem
        order by stems.stem
    );
end;
$$;

/*
 * Return a word and what is left of it without any one of its letters.
 */
create function search.shortened(word text)
returns text[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select word
        union
        select overlay(word placing '' from position for 1)
        from generate_series(1, length(word)) as position
    );
end;
$$;

/*
 * Return the words of the catalog that become a word by one typing error: a letter that is wrong,
 * missing or too many, or two neighbours that are swapped.
 */
create function search.similar_words(word text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
begin
    if length(word) not between 4 and 40 then
        return '{}';
    end if;
    return array(
        select distinct words.word
        from search.words
        where
            words.shortened && search.shortened(similar_words.word)
            and words.word <> similar_words.word
            and (
                extensions.levenshtein_less_equal(words.word, similar_words.word, 1) = 1
                or length(words.word) = length(similar_words.word)
                and search.is_swapped(words.word, similar_words.word)
            )
        order by words.word
        limit 20
    );
end;
$$;

/*
 * Does one word become the other when two neighbouring letters are swapped?
 */
create function search.is_swapped(one text, other text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from generate_series(1, length(one) - 1) as position
        where
            other = overlay(
                one placing reverse(substr(one, position, 2)) from position for 2
            )
    );
end;
$$;

/*
 * Is a word too common to look for, in one of some languages?
 */
create function search.is_stop_word(word text, wanted text[])
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from unnest(search.languages()) as language
        where
            language = any(wanted)
            -- Only a stop word leaves nothing.
            and to_tsvector(search.config(language), word) = ''
    );
end;
$$;

/*
 * Return the terms of a typed text. Common words such as "the" are left out, unless there are no
 * others. A last word of one letter is taken as it is.
 */
create function search.terms(value text, wanted text[])
returns search.term[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_words constant text[] = string_to_array(nullif(search.fold(value), ''), ' ');
    v_telling text[];
    v_last constant text = v_words[cardinality(v_words)];
    v_terms search.term[] = '{}';
    v_term search.term;
begin
    v_telling = array(
        select words.word
        from unnest(v_words) with ordinality as words (word, position)
        where not search.is_stop_word(words.word, wanted)
        group by words.word
        order by min(words.position)
    );
    if v_telling = '{}' then
        v_telling = array(select distinct unnest(v_words));
    end if;
    foreach v_term.word in array v_telling loop
        v_term.word = left(v_term.word, 100);
        v_term.is_prefix = v_term.word = v_last and length(v_last) > 1;
        v_term.stems = search.stems(v_term.word);
        v_term.similar_words = '{}';
        v_terms = v_terms || v_term;
    end loop;
    return v_terms;
end;
$$;

/*
 * Return the query that finds all of some terms. The words of the catalog that a term may be a
 * typing error of count as the term.
 */
create function search.to_query(terms search.term[])
returns tsquery
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    -- Folded words have only letters and digits, so they contain no operators.
    return (
        select
            string_agg(
                '(' || concat_ws(
                    ' | ',
                    term.word || case when term.is_prefix then ':*' else '' end,
                    nullif(array_to_string(term.stems || term.similar_words, ' | '), '')
                ) || ')',
                ' & '
            )
        from unnest(terms) as term
    )::tsquery;
end;
$$;

/*
 * Return terms with the words of the catalog that each may be a typing error of.
 */
create function search.with_similar_words(terms search.term[])
returns search.term[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_terms search.term[] = '{}';
    v_term search.term;
begin
    foreach v_term in array terms loop
        v_term.similar_words = search.similar_words(v_term.word);
        v_terms = v_terms || v_term;
    end loop;
    return v_terms;
end;
$$;
