-- Papers for verification: handed in by those who manage a business, decided by the platform, once.
begin;
select plan(21);

select tests.person('Nora');
select tests.person('Stan');
select tests.person('Omar');
select tests.person('Sue');
select public.set_platform_role(tests.id('Sue')::text, 'support');
select tests.business('Loft', owned_by => 'Nora');
select tests.business('Elsewhere', owned_by => 'Omar');
select tests.member('Stan', 'Loft', 'staff');

select results_eq(
    $$ select public from storage.buckets where id = 'documents' $$, $$ values (false) $$,
    'documents lie in a private bucket'
);
select tests.act_as('Omar');
select throws_ok(
    $$ select public.create_upload('business:' || tests.id('Loft'), 'license', 'a.pdf', '1', 'application/pdf') $$,
    'PT404', 'There is no such business.', 'nobody hands in for another business'
);
select tests.upload(
    'Nora', 'business:' || tests.id('Loft'), 'license', 'application/pdf', called => 'file'
);
select results_eq(
    $$ select kind, status::text, media_id from public.business_documents $$,
    $$ values ('license', 'submitted', tests.id('file')) $$, 'an owner hands a document in'
);
select throws_ok(
    $$ insert into public.business_documents (business_id, kind, media_id, status)
       values (tests.id('Loft'), 'license', tests.id('file'), 'accepted') $$, '42501', null,
    'but does not accept it'
);
select throws_ok(
    $$ update public.business_documents set reason = 'fine' $$, '42501', null, 'nobody edits a document'
);
select throws_ok(
    $$ delete from public.business_documents $$, '42501', null, 'or takes it back'
);
select is_empty($$ select 1 from storage.objects $$, 'an owner does not download the file');
select set_config('storage.operation', 'storage.object.sign', true);
select isnt_empty($$ select 1 from storage.objects $$, 'but can have a link to it');

select tests.act_as_owner();
insert into tests.names (name, id)
select 'license', business_documents.id
from business.business_documents;

select tests.act_as('Stan');
select is_empty($$ select 1 from public.business_documents $$, 'staff do not see documents');
select is_empty($$ select 1 from storage.objects $$, 'nor their files');
select tests.act_as('Omar');
select is_empty($$ select 1 from public.business_documents $$, 'a stranger sees none');
select throws_ok(
    $$ select public.review_document(tests.id('license')::text, 'true') $$, 'PT404',
    'There is no such document.', 'and finds none to review'
);
select tests.act_as('Nora');
select throws_ok(
    $$ select public.review_document(tests.id('license')::text, 'true') $$, 'PT403',
    'Only the platform''s staff can review documents.', 'an owner does not review'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.review_document(tests.id('license')::text, 'true') $$, 'PT401', 'Sign in first.',
    'nor does a visitor'
);

select tests.act_as('Sue');
select isnt_empty($$ select 1 from storage.objects $$, 'the platform''s staff can have a link');
select throws_ok(
    $$ select public.review_document(tests.id('license')::text, 'true') $$, 'PT409',
    'The file of this document was not looked into yet.', 'no file is judged before it was looked into'
);
select tests.act_as_owner();
select files.finish_processing(tests.id('file'), jsonb_build_object('sha256', repeat('a', 64)));
select tests.act_as('Sue');
select throws_ok(
    $$ select public.review_document(tests.id('license')::text, 'false') $$, 'PT400',
    'reason is required.', 'a no has a reason'
);
select throws_ok(
    $$ select public.review_document(tests.id('license')::text, 'maybe') $$, 'PT400',
    'is_accepted must be true or false.', 'a decision is yes or no'
);
select results_eq(
    $$ select status::text, reviewed_by, reason, reviewed_at is not null
       from public.review_document(tests.id('license')::text, 'false', 'Unreadable') $$,
    $$ values ('rejected', tests.id('Sue'), 'Unreadable', true) $$, 'the platform''s staff decide'
);
select throws_ok(
    $$ select public.review_document(tests.id('license')::text, 'true') $$, 'PT409',
    'The step review is not possible while the status is rejected.', 'once'
);
select tests.act_as('Nora');
select results_eq(
    $$ select old_value, new_value, reason, actor_id from public.business_history
       where kind = 'document' and subject_id = tests.id('license') order by id $$,
    $$ values
       (null, 'submitted', null, tests.id('Nora')),
       ('submitted', 'rejected', 'Unreadable', tests.id('Sue')) $$,
    'who handed in and who decided is remembered'
);

select * from finish();
rollback;
