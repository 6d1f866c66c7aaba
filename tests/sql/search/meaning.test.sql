-- Somebody looks for a couch, and finds a sofa, unless they may not see it.
begin;
select plan(27);

-- Given a shop whose texts a model knows: a couch is much like a sofa and nothing like a hose
select tests.at('2031-05-01 08:00Z');
select tests.person(called) from unnest('{owner,stranger}'::text[]) as called;
select tests.business('Shop', 'owner');
select tests.business('Other', 'stranger');
select tests.named(called) from unnest('{Sofa,Throne,Hose,Draft,Couch table,Settee}'::text[]) as called;
create function tests.vector_of(name text) returns text language sql as $$
    select case name
        when 'couch' then '[1, 0.1, 0]' when 'Sofa' then '[2, 0, 0]' when 'Throne' then '[1, 0.5, 0]'
        when 'Draft' then '[1, 0.2, 0]' when 'Settee' then '[1, 0.3, 0]'
        when 'Couch table' then '[0.5, 1, 0]' else '[0, 0, 1]'
    end
$$;
create function tests.embed() returns integer language sql as $$
    select search.store_vectors('tiny', (
        select coalesce(jsonb_agg(due || jsonb_build_object(
            'vector', tests.vector_of(split_part(due ->> 'text', '.', 1))::jsonb)), '[]')
        from jsonb_array_elements(search.texts_to_embed('tiny', null, 100)) as due))
$$;
create function tests.meant(q text, filters text default null, model text default 'tiny')
returns text language sql as $$
    select coalesce(string_agg(result ->> 'name', ', ' order by position), '')
    from jsonb_array_elements(
        public.search(
            q, '["product"]', filters,
            meaning => jsonb_build_object('model', model, 'vector', tests.vector_of(q)::jsonb)::text
        ) -> 'results'
    ) with ordinality as found (result, position)
$$;
create function tests.set_flag(is_on boolean) returns void language sql as $$
    insert into flags.flags (key, is_enabled) values ('search_by_meaning', is_on)
    on conflict (key) do update set is_enabled = excluded.is_enabled
$$;
create function tests.answer(facets text) returns jsonb language sql as $$
    select public.search(
        'couch', '["product"]', facets => answer.facets, explain => 'true', "limit" => '2',
        meaning => '{"model": "tiny", "vector": [1, 0.1, 0]}'
    )
$$;
insert into catalog.products (id, business_id, name, slug, currency, is_published, access)
select
    tests.id(name), tests.id(shop), name, replace(lower(name), ' ', '-'), 'EUR', name <> 'Draft',
    case when name = 'Throne' then 'gold' end
from (
    values
    ('Sofa', 'Shop'), ('Throne', 'Shop'), ('Hose', 'Shop'), ('Draft', 'Shop'), ('Couch table', 'Shop'),
    ('Settee', 'Other')
) as goods (name, shop);

-- The flag
select is(tests.embed(), 0, 'While the flag is off, no vectors are written');
select is(
    (select count(*) from pgmq.q_meaning), 0::bigint, 'Nor is any change announced'
);
select tests.set_flag(true);
select is(tests.embed(), 7, 'The published products and the businesses get vectors');
select is(tests.embed(), 0, 'Each once');
select tests.set_flag(false);
select tests.act_as_anon();
select is(tests.meant('couch'), 'Couch table', 'While the flag is off, words alone are looked for');
select tests.act_as_owner();
select tests.set_flag(true);
select tests.act_as_anon();
select is(
    tests.meant('couch'), 'Couch table, Sofa, Settee',
    'What has the word and the meaning comes first, then what is near'
);
select is(
    tests.meant('couch', null, 'large'), 'Couch table', 'Vectors of another model are not compared'
);

-- What is shown of it
select ok(
    abs((result ->> 'score')::float8 - (
        (result #>> '{explanation,by_words}')::float8 + (result #>> '{explanation,by_meaning}')::float8
    )) < 1e-12, 'The parts of an explanation add up to the score'
)
from (select tests.answer('false') #> '{results,0}' as result) as first;
select is(
    tests.answer('false') #>> '{results,1,explanation,by_words}', '0', 'A sofa has none of the words'
);
select is(tests.answer('true') #>> '{facets,count}', '3', 'Facets count what is found by meaning');
select is(
    (
        select string_agg(result ->> 'name', ', ')
        from jsonb_array_elements(
            public.search(
                'couch', '["product"]', "limit" => '2', cursor => tests.answer('false') ->> 'next_cursor',
                meaning => '{"model": "tiny", "vector": [1, 0.1, 0]}'
            ) -> 'results'
        ) as result
    ), 'Settee', 'The next page goes on where the first ended'
);
select is(
    tests.meant('couch', format('{"business_id": %s}', to_json(tests.id('Other')))), 'Settee',
    'Only of the business that was asked for'
);
select is(tests.meant('couch', '{"brands": ["acme"]}'), '', 'Filters hold');

-- What may not be seen
select tests.act_as('owner');
select is(
    tests.meant('couch'), 'Couch table, Sofa, Settee, Throne',
    'A member of the business finds what asks for an entitlement'
);
select tests.act_as('stranger');
select is(tests.meant('couch'), 'Couch table, Sofa, Settee', 'Others do not');
select tests.act_as_owner();
update business.businesses set status = 'suspended' where id = tests.id('Other');
select is(tests.meant('couch'), 'Couch table, Sofa', 'Nothing of a suspended business is found');
update catalog.products set is_published = false where id = tests.id('Sofa');
select is(tests.meant('couch'), 'Couch table', 'What was unpublished is not found');
select is(
    (select count(*) from search.vectors where subject_id = tests.id('Sofa')), 0::bigint,
    'Its vector is gone with it'
);

-- What changes
delete from pgmq.q_meaning;
update catalog.products set name = 'Bench' where id = tests.id('Hose');
select is(
    (select message #> '{kwargs,payload,ids}' from pgmq.q_meaning), jsonb_build_array(tests.id('Hose')),
    'A change is announced'
);
select is(
    (select count(*) from search.vectors where subject_id = tests.id('Hose')), 0::bigint,
    'The vector of the old text is gone at once'
);
select is(
    search.store_vectors('tiny', jsonb_build_array(jsonb_build_object(
        'business_id', tests.id('Shop'), 'kind', 'product', 'id', tests.id('Hose'),
        'text_hash', md5('Hose'), 'vector', '[1, 0, 0]'::jsonb
    ))), 0, 'A vector of the old text comes too late'
);
delete from pgmq.q_meaning;
update catalog.products set is_published = is_published, slug = 'low-table' where id = tests.id('Couch table');
select is((select count(*) from pgmq.q_meaning), 0::bigint, 'Another slug means the same');

-- Bad calls
select throws_like(
    $$select public.search('couch', meaning => '{"model": "tiny", "vector": ["a"]}')$$,
    'meaning.vector %', 'A text is no number'
);
select throws_like(
    $$select public.search('couch', meaning => '{"model": "tiny", "vector": [0, 0]}')$$,
    'meaning.vector %', 'A vector has a direction'
);
select throws_like(
    $$select public.search('couch', meaning => '{"vector": [1]}')$$, 'meaning.model %', 'Of which model?'
);
select throws_like(
    $$select public.search(meaning => '{"model": "tiny", "vector": [1]}')$$, 'meaning %',
    'There is no meaning without words'
);

-- Distances of long vectors are exact, although they are counted in parts.
select tests.act_as_owner();
create function tests.distance(one real[], other real[]) returns double precision language plpgsql as $$
declare
    v_distance double precision;
begin
    execute 'select ' || search.distance_expression(cardinality(one)) || ' from (select $1, $3)'
    ' as vectors (vector, parts)'
    into v_distance using one, other, search.parts_of(one), search.parts_of(other);
    return v_distance;
end;
$$;
select ok(
    max(abs(tests.distance(one, other) - (1 - (
        select sum(a::float8 * b::float8) from unnest(one, other) as pair (a, b)
    )))) < 1e-6, 'The distance is 1 less the cosine'
)
from (
    select
        search.normalized(array(select sin(size * number) from generate_series(1, size) as number)) as one,
        search.normalized(array(select cos(size + number) from generate_series(1, size) as number)) as other
    from unnest('{2,96,97,384,768}'::integer[]) as size
) as vectors;

select * from finish();
rollback;
