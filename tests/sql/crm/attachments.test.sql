-- Both sides of a conversation send files with their messages, and nobody else opens one.
begin;
select plan(19);

select tests.at('2031-05-05 08:00Z');
select tests.person('owner'), tests.person('stan'), tests.person('accountant'),
    tests.person('cleo'), tests.person('dora'), tests.person('rival'), tests.person('judge');
select tests.business('Salon', 'owner'), tests.business('Other', 'rival');
select tests.member('stan', 'Salon', 'staff'), tests.member('accountant', 'Salon', 'accountant');
select identity.set_platform_role(tests.id('judge'), 'support');
create function tests.message() returns text
language sql stable security definer set search_path = ''
as $$ select 'message:' || id from crm.messages order by sent_at desc limit 1 $$;
create function tests.announce(content_type text default 'image/png') returns text
language sql volatile security invoker set search_path = ''
as $$
    select uploads::text
    from public.create_upload(tests.message(), 'attachment', 'scan', '100', content_type) as uploads
$$;
-- What complete_upload makes of the upload once its bytes lie in the bucket, which is Storage's part.
create function tests.arrived() returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_medium files.media;
begin
    insert into files.media (
        id, business_id, owner_id, uploaded_by, subject, subject_id, kind, is_public, bucket,
        object_name, file_name, content_type, bytes
    )
    select
        id, business_id, owner_id, uploaded_by, subject, subject_id, kind, false, bucket,
        object_name, file_name, content_type, bytes
    from files.uploads
    returning media.* into v_medium;
    delete from files.uploads;
    perform crm.attach_file(v_medium);
end;
$$;
create function tests.looked_into() returns void
language sql volatile security definer set search_path = ''
as $$ update files.media set state = 'ready', sha256 = repeat('a', 64) $$;
grant execute on all functions in schema tests to anon, authenticated;

-- A customer sends a picture.
select tests.act_as('cleo');
select public.start_conversation(tests.id('Salon')::text, 'Like this, please.');
select tests.act_as('dora');
select throws_ok($$ select tests.announce() $$, 'PT404', null, 'nobody adds to the message of another');
select tests.act_as('stan');
select throws_ok($$ select tests.announce() $$, 'PT404', null, 'not even the other side');
select tests.act_as('cleo');
select throws_ok(
    $$ select tests.announce('text/html') $$, 'PT415', null, 'a page is no attachment'
);
select isnt(tests.announce(), null, 'the author adds a picture');
select tests.arrived();
select is((select count(*) from public.media), 1::bigint, 'which the author sees at once');
select tests.act_as('stan');
select is_empty('select * from public.message_attachments', 'and nobody else before a worker looked');
select is_empty('select * from public.media', 'at it');
select tests.act_as_owner();
select tests.looked_into();
select tests.act_as('stan');
select is(
    (select count(*) from public.message_attachments), 1::bigint, 'then the business reads it'
);
select is((select count(*) from public.media), 1::bigint, 'and opens it');
select tests.act_as('accountant');
select is_empty('select * from public.media', 'but no accountant');
select tests.act_as('rival');
select is_empty('select * from public.media', 'no other business');
select tests.act_as('dora');
select is_empty('select * from public.media', 'no other customer');
select tests.act_as('judge');
select is_empty('select * from public.media', 'and no staff of the platform');

-- The business answers with a paper of its own.
select tests.at('2031-05-05 09:00Z');
select tests.act_as('stan');
select public.send_message((select id::text from public.conversations), 'Our prices.');
select isnt(tests.announce('application/pdf'), null, 'staff answer with a paper');
select tests.arrived();
select tests.looked_into();
select is(
    (select business_id from public.media where content_type = 'application/pdf'),
    tests.id('Salon'),
    'which belongs to the business'
);
select tests.act_as('cleo');
select is((select count(*) from public.media), 2::bigint, 'and the customer opens both');
select tests.act_as('stan');
select tests.at('2031-05-05 10:01Z');
select throws_ok($$ select tests.announce() $$, 'PT404', null, 'after an hour a message is as it is');

-- What is gone
select tests.act_as_owner();
delete from customers.customers where user_id = tests.id('cleo');
select is_empty('select * from crm.message_attachments', 'files go with their conversation');
select is(
    (select count(*) from files.media where released_at is not null), 2::bigint,
    'and are collected'
);

select * from finish();
rollback;
