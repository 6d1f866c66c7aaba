-- Room: each business and each user has some; announced files count until they expire.
begin;
select plan(12);

select tests.person('Nora');
select tests.business('Loft', owned_by => 'Nora');
update files.settings set max_bytes_for_business = 3000, max_number_for_business = 4;
update files.kinds set max_number = 3 where subject = 'business' and name = 'license';
select tests.upload('Nora', 'business:' || tests.id('Loft'), bytes => 1000, called => 'one');

select lives_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.png', '1500', 'image/png') $$,
    'another file fits'
);
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.png', '501', 'image/png') $$,
    'PT409', 'There is no room for this file: 2500 of 3000 bytes and 2 of 4 files are in use.',
    'what was announced is reserved'
);
select lives_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.png', '500', 'image/png') $$,
    'the last byte can be used'
);
select lives_ok(
    $$ select public.create_upload('profile:' || tests.id('Nora'), 'picture', 'a.png', '5000', 'image/png') $$,
    'users have room of their own'
);
select tests.act_as_owner();
insert into files.quotas (business_id, max_bytes, max_number) values (tests.id('Loft'), 100000, 4);
select tests.act_as('Nora');
select lives_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.png', '500', 'image/png') $$,
    'an agreement gives more room'
);
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.png', '1', 'image/png') $$,
    'PT409', 'There is no room for this file: 3500 of 100000 bytes and 4 of 4 files are in use.',
    'the number of files is limited too'
);
select tests.act_as_owner();
insert into storage.objects (bucket_id, name, metadata)
select bucket, object_name, '{"size": 20000}' from files.uploads where bytes = 1500;
delete from business.business_media;
select tests.act_as('Nora');
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.png', '1', 'image/png') $$,
    'PT409', 'There is no room for this file: 22000 of 100000 bytes and 4 of 4 files are in use.',
    'what is taken out on the same day still counts, and an upload counts with what was really sent'
);
select tests.at(now() + interval '61 minutes');
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'license', 'a.png', '100000', 'image/png') $$,
    'PT409', 'There is no room for this file: 21000 of 100000 bytes and 2 of 4 files are in use.',
    'also after its hour, because the file is there'
);
select tests.at(now() + interval '26 hours');
select tests.act_as_role('worker');
select files.forget_what_is_let_go();
select tests.act_as('Nora');
select lives_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'license', 'a.png', '100000', 'image/png') $$,
    'a day later what was taken out and what was never completed make room'
);
select tests.act_as_owner();
update files.quotas set max_bytes = 1000000, max_number = 100;
select tests.act_as('Nora');
select public.create_upload('business:' || tests.id('Loft'), 'license', 'b.png', '1', 'image/png');
select public.create_upload('business:' || tests.id('Loft'), 'license', 'c.png', '1', 'image/png');
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'license', 'd.png', '1', 'image/png') $$,
    'PT422', 'There are 3 files already, and no more are allowed.', 'a kind has a number of its own'
);
select tests.act_as_role('worker');
select throws_ok($$ select 1 from files.media $$, '42501', null, 'a worker reads no table');
select tests.act_as('Nora');
select throws_ok(
    $$ update files.quotas set max_bytes = 1 $$, '42501', null, 'nobody raises their own quota'
);

select * from finish();
rollback;
