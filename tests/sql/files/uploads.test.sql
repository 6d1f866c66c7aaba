-- A picture on its way: announced, sent, completed, looked into, shown.
begin;
select plan(28);

select tests.person('Nora');
select tests.person('Stan');
select tests.person('Omar');
select tests.business('Loft', owned_by => 'Nora');
select tests.business('Elsewhere', owned_by => 'Omar');
select tests.member('Stan', 'Loft', 'staff');
create table tests.answers (answer jsonb);
grant insert, select on tests.answers to authenticated;

select tests.act_as_anon();
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.png', '1', 'image/png') $$,
    'PT401', 'Sign in first.', 'a visitor announces no file'
);
select tests.act_as('Stan');
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.png', '1', 'image/png') $$,
    'PT403', 'You are not allowed to do this for this business.', 'nor do staff'
);
select tests.act_as('Omar');
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.png', '1', 'image/png') $$,
    'PT404', 'There is no such business.', 'nor does the owner of another business'
);
select throws_ok(
    $$ select public.create_upload('business:' || gen_random_uuid(), 'gallery', 'a.png', '1', 'image/png') $$,
    'PT404', 'There is no such business.', 'who is told the same of a business that does not exist'
);
select tests.act_as('Nora');
select throws_ok(
    $$ select public.create_upload('cat:' || tests.id('Loft'), 'gallery', 'a.png', '1', 'image/png') $$,
    'PT400', 'subject must be one that takes files, as docs/files.md lists them.',
    'the subject is one that takes files'
);
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'poem', 'a.png', '1', 'image/png') $$,
    'PT400', 'kind must be one that takes files, as docs/files.md lists them.', 'and so is the kind'
);
select throws_ok(
    $$ select public.create_upload('Loft', 'gallery', 'a.png', '1', 'image/png') $$,
    'PT400', 'subject must be a name and an id, such as business:ID.', 'a name alone is no subject'
);
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.png', '20971521', 'image/png') $$,
    'PT413', 'This file is too large. At most 20971520 bytes are allowed.', 'a large file is refused at once'
);
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.svg', '1', 'image/svg+xml') $$,
    'PT415', 'Files of this type are not allowed here.', 'drawings that may hold a script are not taken'
);
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.png', '0', 'image/png') $$,
    'PT400', 'size must be at least 1.', 'a file has bytes'
);
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'a.png', '1', 'image/png', 'abc') $$,
    'PT400', 'sha256 must be 64 hexadecimal digits.', 'a hash is a hash'
);

insert into tests.answers (answer)
select public.create_upload(
    'business:' || tests.id('Loft'), 'gallery', '../Shop <window>.png', '1000', 'image/png'
);
select matches(
    (select answer ->> 'path' from tests.answers),
    '^' || tests.id('Loft') || '/[0-9a-f-]{36}/Shop-window-.png$',
    'a file lies below its business, under a plain name'
);
select throws_ok(
    $$ select public.complete_upload(answer ->> 'upload_id') from tests.answers $$, 'PT409',
    'The file is not there yet.', 'nothing is completed that was not sent'
);
select tests.act_as('Omar');
select throws_ok(
    $$ insert into storage.objects (bucket_id, name)
       select answer ->> 'bucket', answer ->> 'path' from tests.answers $$, '42501', null,
    'a stranger puts nothing at that place'
);
select throws_ok(
    $$ select public.complete_upload(answer ->> 'upload_id') from tests.answers $$, 'PT404',
    'There is no such upload.', 'nor completes what is not theirs'
);
select tests.act_as('Nora');
select throws_ok(
    $$ insert into storage.objects (bucket_id, name)
       select answer ->> 'bucket', (answer ->> 'path') || 'x' from tests.answers $$, '42501', null,
    'nobody puts a file elsewhere'
);
select lives_ok(
    $$ insert into storage.objects (bucket_id, name, metadata)
       select answer ->> 'bucket', answer ->> 'path', '{"size": 999, "mimetype": "image/png"}'
       from tests.answers $$, 'the file arrives'
);
select throws_ok(
    $$ select public.complete_upload(answer ->> 'upload_id') from tests.answers $$, 'PT409',
    'The file has 999 bytes of the type image/png, but 1000 of image/png were announced.',
    'a file of another size is not what was announced'
);
select tests.act_as_owner();
update storage.objects set metadata = '{"size": 1000, "mimetype": "text/html"}';
select tests.act_as('Nora');
select throws_ok(
    $$ select public.complete_upload(answer ->> 'upload_id') from tests.answers $$, 'PT409',
    'The file has 1000 bytes of the type text/html, but 1000 of image/png were announced.',
    'nor is one of another type'
);
select tests.act_as_owner();
update storage.objects set metadata = '{"size": 1000, "mimetype": "image/png"}';
select tests.act_as('Nora');
select results_eq(
    $$ select medium.state::text, medium.file_name, medium.url from tests.answers
       cross join lateral public.complete_upload(answer ->> 'upload_id') as medium $$,
    $$ values ('processing', '../Shop <window>.png', null::text) $$, 'the right file becomes a medium'
);
select results_eq(
    $$ select medium.state::text from tests.answers
       cross join lateral public.complete_upload(answer ->> 'upload_id') as medium $$,
    $$ values ('processing') $$, 'completing it again changes nothing'
);
select throws_ok(
    $$ insert into storage.objects (bucket_id, name)
       select answer ->> 'bucket', (answer ->> 'path') from tests.answers $$, '42501', null,
    'the place takes no second file'
);
select tests.act_as_anon();
select is_empty($$ select 1 from public.media $$, 'visitors do not see it before it was looked into');
select is_empty($$ select 1 from public.business_media $$, 'nor in the gallery');

select tests.act_as_owner();
insert into tests.names (name, id) select 'window', (answer ->> 'upload_id')::uuid from tests.answers;
select tests.look_into('window');
select tests.act_as_anon();
select results_eq(
    $$ select width, height, url from public.media $$,
    $$ select 1200, 800, '/storage/v1/object/public/public-media/' || tests.id('window') || '/wide.jpg' $$,
    'then everybody sees it, in its widest rendition'
);
select results_eq(
    $$ select width from public.media_renditions order by width $$, $$ values (640), (1200) $$,
    'and in each of its widths'
);

select tests.act_as('Nora');
create temporary table late as
select public.create_upload(
    'business:' || tests.id('Loft'), 'gallery', 'late.png', '5', 'image/png'
) as answer;
select tests.at(now() + interval '61 minutes');
select throws_ok(
    $$ insert into storage.objects (bucket_id, name)
       select answer ->> 'bucket', answer ->> 'path' from late $$, '42501', null,
    'after an hour the place takes no file'
);
select throws_ok(
    $$ select public.complete_upload(answer ->> 'upload_id') from late $$, 'PT409',
    'This upload took too long.', 'and nothing is completed'
);

select * from finish();
rollback;
