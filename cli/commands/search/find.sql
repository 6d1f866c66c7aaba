-- What somebody without an account finds, with the parts of each score.
select
    result ->> 'kind' as kind,
    result ->> 'name' as name,
    businesses.slug as business,
    round((result ->> 'score')::numeric, 4) as score,
    round((result #>> '{explanation,words}')::numeric, 4) as words,
    round((result #>> '{explanation,name}')::numeric, 4) as name_bonus,
    round((result #>> '{explanation,rating}')::numeric, 4) as rating,
    round((result #>> '{explanation,popularity}')::numeric, 4) as popularity,
    round((result #>> '{explanation,verified}')::numeric, 4) as verified,
    result #>> '{explanation,query}' as query,
    result ->> 'id' as id
from jsonb_array_elements(
    public.search(
        %(q)s,
        to_jsonb(array_remove(array[%(kind)s::text], null))::text,
        jsonb_strip_nulls(jsonb_build_object('business_id', %(business_id)s::uuid))::text,
        "limit" => %(limit)s::text,
        explain => 'true'
    ) -> 'results'
) with ordinality as results (result, position)
inner join business.businesses on businesses.id = (result ->> 'business_id')::uuid
order by results.position
