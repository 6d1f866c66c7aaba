-- Which language a reader gets: the one that the call names, else those of Accept-Language in
-- their order, then English.

/*
 * Return the languages that a reader wants, the best first, in lower case: each tag, and after it
 * its language without the region. English comes last.
 */
create function private.wanted_locales(locale text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_header constant text = case
        when locale is null
            then nullif(current_setting('request.headers', true), '')::jsonb ->> 'accept-language'
    end;
begin
    return (
        select array_agg(choice.tag order by choice.position)
        from (
            select tags.tag, min(tags.position) as position
            from (
                select
                    unnest(array[wanted.tag, split_part(wanted.tag, '-', 1)]) as tag,
                    row_number() over (order by wanted.weight desc, wanted.ordinal) as position
                from (
                    select
                        lower(btrim(split_part(part, ';', 1))) as tag,
                        coalesce(substring(part, ';\s*q=([01](?:\.\d{1,3})?)')::numeric, 1) as weight,
                        ordinal
                    from unnest(string_to_array(left(coalesce(locale, v_header), 500), ','))
                        with ordinality as parts (part, ordinal)
                ) as wanted
                where wanted.tag ~ '^[a-z]{2,3}(-[a-z0-9]{2,8})*$' and wanted.weight > 0
                union all
                select 'en', 1000000
            ) as tags
            group by tags.tag
        ) as choice
    );
end;
$$;

/*
 * Return how well a language suits a reader: the lower the better. Every language suits somehow, so
 * a text that exists is shown.
 */
create function private.locale_rank(wanted text[], locale text)
returns integer
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        array_position(wanted, lower(locale)) * 2,
        array_position(wanted, split_part(lower(locale), '-', 1)) * 2 + 1,
        2000000
    );
end;
$$;
