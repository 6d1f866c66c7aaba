-- Galleries: an order, one featured picture, and pictures that are taken out.
begin;
select plan(24);

select tests.person('Nora');
select tests.person('Stan');
select tests.person('Omar');
select tests.business('Loft', owned_by => 'Nora');
select tests.business('Elsewhere', owned_by => 'Omar');
select tests.member('Stan', 'Loft', 'staff');
select tests.service('Haircut', offered_by => 'Loft');
select tests.upload('Nora', 'business:' || tests.id('Loft'), called => 'one');
select tests.upload('Nora', 'business:' || tests.id('Loft'), called => 'two');
select tests.upload('Nora', 'business:' || tests.id('Loft'), called => 'three');
select tests.upload('Nora', 'service:' || tests.id('Haircut'), called => 'fringe');
select tests.upload('Omar', 'business:' || tests.id('Elsewhere'), called => 'other');
select tests.act_as_owner();
select tests.look_into('one');
select tests.look_into('two');
select tests.look_into('three');
select tests.look_into('fringe');
select tests.look_into('other');

select tests.act_as('Nora');
select results_eq(
    $$ select media_id, position, is_featured from public.business_media
       where business_id = tests.id('Loft') order by position $$,
    $$ values (tests.id('one'), 1, true), (tests.id('two'), 2, false), (tests.id('three'), 3, false) $$,
    'pictures stand in the order of their arrival, the first is featured'
);
select results_eq(
    $$ select id from public.reorder_media('business:' || tests.id('Loft'),
       jsonb_build_array(tests.id('three'), tests.id('one'), tests.id('two'))::text) $$,
    $$ values (tests.id('three')), (tests.id('one')), (tests.id('two')) $$,
    'one call puts them into another order'
);
select results_eq(
    $$ select media_id from public.business_media where business_id = tests.id('Loft') order by position $$,
    $$ values (tests.id('three')), (tests.id('one')), (tests.id('two')) $$, 'which stays'
);
select throws_ok(
    $$ select public.reorder_media('business:' || tests.id('Loft'),
       jsonb_build_array(tests.id('three'), tests.id('one'))::text) $$, 'PT400',
    'media_ids must name every picture of the gallery once.', 'no picture is left out'
);
select throws_ok(
    $$ select public.reorder_media('business:' || tests.id('Loft'),
       jsonb_build_array(tests.id('three'), tests.id('one'), tests.id('other'))::text) $$, 'PT400',
    'media_ids must name every picture of the gallery once.', 'and none of another gallery comes in'
);
select throws_ok(
    $$ select public.reorder_media('business:' || tests.id('Loft'), '[]', 'license') $$, 'PT400',
    'kind must be one that has an order.', 'papers have no order'
);
select results_eq(
    $$ select id from public.feature_media(tests.id('two')::text) $$, $$ values (tests.id('two')) $$,
    'another picture is featured'
);
select results_eq(
    $$ select media_id from public.business_media where is_featured and business_id = tests.id('Loft') $$,
    $$ values (tests.id('two')) $$, 'and only that one'
);
select tests.act_as_owner();
select throws_ok(
    $$ update business.business_media set is_featured = true where business_id = tests.id('Loft') $$,
    '23505', null, 'two are never featured, whoever writes'
);
select throws_ok(
    $$ update business.business_media set position = 1 where business_id = tests.id('Loft') $$,
    '23505', null, 'and no two have the same place'
);
select throws_ok(
    $$ update business.business_media set business_id = tests.id('Elsewhere')
       where media_id = tests.id('one') $$, '23503', null,
    'a picture never stands in the gallery of another business'
);

select tests.act_as('Stan');
select throws_ok(
    $$ select public.feature_media(tests.id('one')::text) $$, 'PT403',
    'You are not allowed to do this for this business.', 'staff do not choose the featured picture'
);
select throws_ok(
    $$ select public.reorder_media('business:' || tests.id('Loft'), '[]') $$, 'PT403',
    'You are not allowed to do this for this business.', 'nor the order'
);
select tests.act_as('Omar');
select throws_ok(
    $$ select public.feature_media(tests.id('one')::text) $$, 'PT404', 'There is no such file.',
    'a stranger features nothing'
);
select throws_ok(
    $$ select public.reorder_media('service:' || tests.id('Haircut'), '[]') $$, 'PT404',
    'There is no such service.', 'and orders nothing'
);
delete from public.business_media where media_id = tests.id('one');
update public.media set alt = '{"en": "Mine"}' where id = tests.id('one');
select tests.act_as_anon();
select throws_ok(
    $$ select public.feature_media(tests.id('one')::text) $$, 'PT401', 'Sign in first.',
    'a visitor features nothing'
);
select results_eq(
    $$ select alt from public.media where id = tests.id('one') $$, $$ values ('{}'::jsonb) $$,
    'a stranger neither took the picture out nor described it'
);

select tests.act_as('Nora');
update public.media set alt = '{"en": "A window", "de-AT": "Ein Fenster"}' where id = tests.id('one');
select results_eq(
    $$ select alt ->> 'de-AT' from public.media where id = tests.id('one') $$,
    $$ values ('Ein Fenster') $$, 'a picture is described in each language'
);
select throws_ok(
    $$ update public.media set alt = '["A window"]' where id = tests.id('one') $$, 'PT400',
    'alt must map language tags to texts of at most 500 characters.', 'a list is no description'
);
select throws_ok(
    $$ update public.media set content_type = 'text/html' where id = tests.id('one') $$, '42501',
    null, 'nothing else can be changed'
);
delete from public.business_media where media_id = tests.id('one');
select tests.act_as_anon();
select results_eq(
    $$ select id from public.media where business_id = tests.id('Loft') and subject = 'business' order by id $$,
    $$ select id from unnest(array[tests.id('two'), tests.id('three')]) as media (id) order by id $$,
    'a picture that was taken out is not shown any more'
);
select results_eq(
    $$ select media_id, is_featured from public.service_media $$, $$ values (tests.id('fringe'), true) $$,
    'a service has a gallery of its own'
);
select tests.act_as('Nora');
delete from public.services where id = tests.id('Haircut');
select tests.act_as_owner();
select is(
    (select released_at from files.media where id = tests.id('fringe')), private.now(),
    'a deleted service lets go of its pictures'
);
update business.businesses set status = 'suspended' where id = tests.id('Loft');
select tests.act_as_anon();
select results_eq(
    $$ select id from public.media $$, $$ values (tests.id('other')) $$,
    'a suspended business shows nothing'
);

select * from finish();
rollback;
