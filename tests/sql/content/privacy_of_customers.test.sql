-- A customer is erased: what businesses kept of them and what was written is gone, files too; that
-- they answered stays, without a word about who they were, and everybody else's rows stay as well.
begin;
select plan(15);

-- Given a salon that knows Cleo and Clara, and keeps of both whatever can be kept
select tests.at('2031-03-03 08:00Z');
select tests.person(called) from unnest('{Nora,Cleo,Clara}'::text[]) as called;
select tests.business('Loft', owned_by => 'Nora');
select tests.service('Cut', 'Loft');
select tests.resource('Nadia', 'Loft');
select tests.takes('Cut', 'Nadia');
update auth.users
set phone = '4917012345', phone_confirmed_at = now(), raw_user_meta_data = '{"full_name": "Cleo Quast"}'
where id = tests.id('Cleo');
update identity.profiles set full_name = 'Cleo Quast' where id = tests.id('Cleo');
insert into customers.customers (id, business_id, user_id, name, email)
select tests.named(called || ' at Loft'), tests.id('Loft'), tests.id(called), called, called || '@example.com'
from unnest('{Cleo,Clara}'::text[]) as called;
insert into crm.consent_purposes (business_id, key, wording)
values (tests.id('Loft'), 'photos', 'Photos.');
select tests.act_as('Nora');
insert into public.customer_notes (business_id, customer_id, kind, body)
select tests.id('Loft'), tests.id(called || ' at Loft'), 'allergy', called || ' Quast: nuts'
from unnest('{Cleo,Clara}'::text[]) as called;
insert into public.customer_tags (business_id, customer_id, tag)
select tests.id('Loft'), tests.id(called || ' at Loft'), called || ' Quast'
from unnest('{Cleo,Clara}'::text[]) as called;
select public.set_customer_preferences(
    tests.id(called || ' at Loft')::text, tests.id('Nadia')::text, tests.id('Cut')::text
)
from unnest('{Cleo,Clara}'::text[]) as called;
select public.record_consent(tests.id('Cleo at Loft')::text, 'photos', 'true', 'paper');
select public.start_conversation(
    tests.id('Loft')::text, 'Dear ' || called || ' Quast', tests.id(called || ' at Loft')::text
)
from unnest('{Cleo,Clara}'::text[]) as called;
select tests.act_as('Cleo');
select public.send_message(
    (select id::text from public.conversations), 'Yours, Cleo Quast'
);
select public.set_preferred_service(tests.id('Loft')::text, tests.id('Cut')::text);
insert into public.favorites (business_id) values (tests.id('Loft'));
select tests.act_as_owner();
insert into scheduling.waitlist_entries (business_id, service_id, customer_id, during, party_size)
values (
    tests.id('Loft'), tests.id('Cut'), tests.id('Cleo'), '[2031-03-04 09:00Z, 2031-03-04 10:00Z)', 1
);
with sent as (
    select messages.* from crm.messages where messages.body like '%Cleo%'
),

kept as (
    insert into files.media (
        id, business_id, owner_id, uploaded_by, subject, subject_id, kind, is_public, bucket,
        object_name, file_name, content_type, bytes
    )
    select
        gen_random_uuid(), case when sent.sender = 'business' then sent.business_id end,
        case when sent.sender = 'customer' then sent.author_id end, sent.author_id, 'message', sent.id,
        'attachment', false, 'documents', sent.id::text, 'Cleo Quast.png', 'image/png', 1
    from sent
    returning id, subject_id
)

insert into crm.message_attachments (media_id, message_id, attached_at)
select kept.id, kept.subject_id, now() from kept;
select is((select count(*) from crm.message_attachments), 2::bigint, 'both sides sent a file');

-- The export has what is theirs to read
insert into privacy.requests (id, kind, user_id, due_at, created_at)
values (tests.named('Export'), 'export', tests.id('Cleo'), private.now(), private.now());
create temporary table document as
select privacy.start_export(tests.id('Export')) as body;
select ok(
    (select body::text ~ 'Yours, Cleo Quast' and body::text ~ 'Dear Cleo Quast' from document),
    'the export has what was written in their conversations'
);
select ok(
    (select body -> 'tables' ? 'crm.consents' from document), 'and what they agreed to'
);
select ok((select body::text !~ 'Clara' from document), 'and nothing about others');

-- Erased
insert into privacy.requests (id, kind, user_id, due_at, created_at)
values (tests.named('Erasure'), 'erasure', tests.id('Cleo'), private.now(), private.now());
drop table document;
select tests.act_as_role('worker');
select is(privacy.run_erasure(tests.id('Erasure')), true, 'the worker erases');
select tests.act_as_owner();
select is_empty('select 1 from crm.message_attachments', 'the files of their messages are gone');
select is_empty(
    'select 1 from files.media where released_at is null', 'which are collected'
);
select tests.at('2031-03-05 08:00Z');
select tests.act_as_role('worker');
select files.forget_what_is_let_go();
select tests.act_as_owner();
select is_empty(
    $$ select * from tests.finds('Cleo Quast') $$, 'what was written about them and by them is nowhere'
);
select is_empty(
    $$ select 1 from crm.customer_notes where customer_id = tests.id('Cleo at Loft') $$,
    'the notes are gone'
);
select is_empty(
    $$ select 1 from crm.customer_tags where customer_id = tests.id('Cleo at Loft') $$, 'the tags'
);
select is_empty(
    $$
    select 1 from scheduling.customer_preferences where customer_id = tests.id('Cleo at Loft')
    union all
    select 1 from scheduling.preferred_services
    union all
    select 1 from crm.favorites
    $$,
    'what they preferred'
);
select is_empty('select 1 from scheduling.waitlist_entries', 'for what they waited');
select is(
    (select count(*) from crm.messages where body = 'erased'), 2::bigint,
    'that somebody wrote is still known'
);
select results_eq(
    'select purpose, is_given, source::text, wording from crm.consents',
    $$ values ('photos', true, 'paper', 'Photos.') $$, 'and that somebody agreed, when and to what'
);
select results_eq(
    $$
    select
        (select body from crm.customer_notes), (select tag from crm.customer_tags),
        (select count(*) from scheduling.customer_preferences),
        (select count(*) from crm.messages where body = 'Dear Clara Quast')
    $$,
    $$ values ('Clara Quast: nuts', 'Clara Quast', 1::bigint, 1::bigint) $$,
    'others keep everything'
);

select * from finish();
rollback;
