-- Papers for verification: handed in by those who manage a business, decided by the platform, once.
begin;
select plan(24);

select tests.person('Nora');
select tests.person('Stan');
select tests.person('Omar');
select tests.person('Sue');
select public.set_platform_role(tests.id('Sue')::text, 'support');
select tests.business('Loft', owned_by => 'Nora');
select tests.business('Elsewhere', owned_by => 'Omar');
select tests.member('Stan', 'Loft', 'staff');

select results_eq(
    $$ select public from storage.buckets where id = 'business-documents' $$, $$ values (false) $$,
    'documents lie in a private bucket'
);

select tests.act_as('Nora');
select results_eq(
    $$ insert into public.business_documents (business_id, kind, storage_path)
       values (tests.id('Loft'), 'license', tests.id('Loft') || '/license.pdf') returning status::text $$,
    $$ values ('submitted') $$, 'an owner hands a document in'
);
select throws_ok(
    $$ insert into public.business_documents (business_id, kind, storage_path, status)
       values (tests.id('Loft'), 'license', tests.id('Loft') || '/x.pdf', 'accepted') $$, '42501', null,
    'but does not accept it'
);
select throws_ok(
    $$ insert into public.business_documents (business_id, kind, storage_path)
       values (tests.id('Loft'), 'license', tests.id('Elsewhere') || '/x.pdf') $$, 'PT400',
    'storage_path must be a path below the business''s id.', 'a document lies in one''s own folder'
);
select throws_ok(
    $$ insert into public.business_documents (business_id, kind, storage_path)
       values (tests.id('Loft'), 'license', tests.id('Loft') || '/../x.pdf') $$, 'PT400',
    'storage_path must be a path below the business''s id.', 'and the path does not climb out of it'
);
select throws_ok(
    $$ insert into public.business_documents (business_id, kind, storage_path)
       values (tests.id('Loft'), 'poem', tests.id('Loft') || '/x.pdf') $$, 'PT400',
    'kind must be registration, identity, license, tax or other.', 'its kind is known'
);
select throws_ok(
    $$ insert into public.business_documents (business_id, kind, storage_path)
       values (tests.id('Elsewhere'), 'license', tests.id('Elsewhere') || '/x.pdf') $$, 'PT403',
    'You are not allowed to change this business.', 'nobody hands in for another business'
);
select throws_ok(
    $$ update public.business_documents set reason = 'fine' $$, '42501', null, 'nobody edits a document'
);
select throws_ok(
    $$ delete from public.business_documents $$, '42501', null, 'or takes it back'
);
select lives_ok(
    $$ insert into storage.objects (bucket_id, name)
       values ('business-documents', tests.id('Loft') || '/license.pdf') $$,
    'an owner uploads the file'
);
select throws_ok(
    $$ insert into storage.objects (bucket_id, name)
       values ('business-documents', tests.id('Elsewhere') || '/license.pdf') $$, '42501', null,
    'and none into another''s folder'
);

select tests.act_as_owner();
insert into tests.names (name, id)
select 'license', business_documents.id
from business.business_documents;

select tests.act_as('Stan');
select is_empty($$ select 1 from public.business_documents $$, 'staff do not see documents');
select is_empty($$ select 1 from storage.objects $$, 'nor their files');
select throws_ok(
    $$ insert into public.business_documents (business_id, kind, storage_path)
       values (tests.id('Loft'), 'license', tests.id('Loft') || '/x.pdf') $$, 'PT403',
    'You are not allowed to change this business.', 'nor hand any in'
);
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
select results_eq(
    $$ select name from storage.objects where bucket_id = 'business-documents' $$,
    $$ select tests.id('Loft') || '/license.pdf' $$, 'the platform''s staff read the file'
);
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
