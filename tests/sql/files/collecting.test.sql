-- What workers do with files: look into each once, and collect what nothing refers to.
begin;
select plan(14);

select tests.person('Nora');
select tests.business('Loft', owned_by => 'Nora');
select tests.upload('Nora', 'business:' || tests.id('Loft'), called => 'good');
select tests.upload('Nora', 'business:' || tests.id('Loft'), called => 'bad');
select public.create_upload('business:' || tests.id('Loft'), 'gallery', 'x.png', '1', 'image/png');
insert into storage.objects (bucket_id, name)
select uploads.bucket, uploads.object_name from files.uploads;
select tests.act_as_owner();
insert into storage.objects (bucket_id, name)
values
('public-media', tests.id('good') || '/wide.jpg'),
('public-media', tests.id('good') || '/left-behind.jpg');

select is(
    (select count(*) from pgmq.q_media where message::text like '%media.uploaded%'), 2::bigint,
    'each file that arrived is a message for the workers'
);
select tests.act_as_role('worker');
select is(
    files.start_processing(tests.id('good')) - 'name',
    '{"bucket": "originals", "content_type": "image/png", "bytes": 1000, "sha256": null,
      "max_pixels": 60000000, "widths": [320, 640, 1280, 2048]}'::jsonb,
    'a worker is told what to look for'
);
select lives_ok(
    $$ select files.refuse_medium(tests.id('bad'), 'too_many_pixels') $$, 'a file that is not fit is refused'
);
select tests.look_into('good');
select is(files.start_processing(tests.id('good')), null, 'a file is looked into once');
select is(files.start_processing(tests.id('bad')), null, 'also one that is not fit');
select lives_ok(
    $$ select files.refuse_medium(tests.id('good'), 'infected') $$, 'a second answer is not heard'
);
select tests.act_as('Nora');
select results_eq(
    $$ select id, state::text, refusal::text from public.media order by state $$,
    $$ values (tests.id('good'), 'ready', null), (tests.id('bad'), 'refused', 'too_many_pixels') $$,
    'the owner reads why a file was refused'
);
select results_eq(
    $$ select media_id from public.business_media $$, $$ values (tests.id('good')) $$,
    'and it stands in no gallery'
);
select tests.act_as_role('worker');
select is(files.garbage(10), null, 'nothing is collected before its time');
select tests.at(now() + interval '26 hours');
select lives_ok($$ select files.forget_what_is_let_go() $$, 'after a day');
select is(
    files.garbage(10) ->> 'bucket' || ' ' || jsonb_array_length(files.garbage(10) -> 'names'),
    'originals 2', 'the refused file and the one that nobody completed are garbage'
);
select tests.act_as_owner();
select set_config('storage.allow_delete_query', 'true', true);
delete from storage.objects where bucket_id = 'originals'
    and name in (select jsonb_array_elements_text(files.garbage(10) -> 'names'));
select tests.act_as_role('worker');
select is(
    files.garbage(10),
    jsonb_build_object('bucket', 'public-media', 'names', jsonb_build_array(tests.id('good') || '/left-behind.jpg')),
    'and then a rendition that nothing refers to'
);
select tests.act_as_owner();
delete from business.businesses where id = tests.id('Loft');
select is_empty($$ select 1 from files.media $$, 'a deleted business takes its media along');
select is(
    jsonb_array_length(files.garbage(10) -> 'names'), 1, 'and its files are garbage'
);

select * from finish();
rollback;
