-- The picture of a user: one, exchanged by the next, and nobody else's to change.
begin;
select plan(8);

select tests.person('Ana');
select tests.person('Ben');
select tests.act_as('Ben');
select throws_ok(
    $$ select public.create_upload('profile:' || tests.id('Ana'), 'picture', 'a.png', '1', 'image/png') $$,
    'PT404', 'There is no such profile.', 'nobody sends a picture of somebody else'
);
select tests.upload('Ana', 'profile:' || tests.id('Ana'), 'picture', called => 'young');
select tests.upload('Ana', 'profile:' || tests.id('Ana'), 'picture', called => 'older');
select tests.act_as_owner();
select tests.look_into('young');
select tests.look_into('older');
select tests.act_as('Ana');
select results_eq(
    $$ select media_id from public.profile_media $$, $$ values (tests.id('older')) $$,
    'the next picture takes the place of the one before'
);
select results_eq(
    $$ select id from public.media $$, $$ values (tests.id('older')) $$, 'which is let go'
);
select tests.act_as('Ben');
select is_empty($$ select 1 from public.media $$, 'who does not read a profile does not see its picture');
select is_empty($$ select 1 from public.profile_media $$, 'nor that there is one');
select throws_ok(
    $$ select public.feature_media(tests.id('older')::text) $$, 'PT404', 'There is no such file.',
    'nor changes anything about it'
);
select tests.act_as('Ana');
select lives_ok($$ delete from public.profile_media $$, 'users take their picture away');
select is_empty($$ select 1 from public.media $$, 'and it is gone');

select * from finish();
rollback;
