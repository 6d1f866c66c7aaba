-- Many entries fit: a search ranks the best of them and counts facets of some.
begin;
select plan(8);

-- Given 5,001 lamps that all sold well but one, and some rare words among them
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.business('Shop', 'owner');
select tests.named('The lamp');
insert into search.entries (
    business_id, kind, subject_id, name, folded_name, words, vertical_id, categories, attributes,
    since, rating, popularity, is_verified
)
select
    tests.id('Shop'), 'product',
    case when names.name = 'lamp' then tests.id('The lamp') else gen_random_uuid() end, names.name, names.name,
    to_tsvector('simple', names.name), businesses.vertical_id, '{}', '{}', now(), 0.5,
    case when names.name = 'lamp' then 0 else 1 end, false
from (
    select
        case
            when n = 5001 then 'lamp'
            when n % 1000 = 0 then 'rare lamp of glass'
            else 'good lamp of ' || case when n % 2 = 0 then 'oak' else 'steel' end
        end as name
    from generate_series(1, 5001) as n
) as names
inner join business.businesses on businesses.id = tests.id('Shop');

create function tests.many(q text)
returns jsonb
language sql
as $$ select public.search(q, facets => 'true', "limit" => '50') $$;
select tests.act_as_anon();

-- Then
select is(
    tests.many('lamp') -> 'results' -> 0 -> 'id', to_jsonb(tests.id('The lamp')),
    'The exact name comes first, though 500 others are more popular'
);
select is(
    tests.many('lamp') -> 'facets' -> 'is_complete', 'false', 'Facets say that they are cut'
);
select is(tests.many('lamp') -> 'facets' -> 'count', '5000', 'They count as many as they may');
select is(jsonb_array_length(tests.many('lamp') -> 'results'), 50, 'A page is full');
select is(
    tests.many('oak steel') -> 'results', '[]', 'Two frequent words that no entry has find nothing'
);
select is(
    tests.many('rare glass') -> 'facets' -> 'count', '5', 'Rare words are found among many others'
);
select is(
    tests.many('rare') -> 'facets' -> 'is_complete', 'true', 'Facets of a few are complete'
);
select is(
    jsonb_array_length(tests.many('rare') -> 'results'), 5, 'Each entry comes once'
);

select * from finish();
rollback;
