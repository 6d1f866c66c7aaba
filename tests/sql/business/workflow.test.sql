-- Approval, rejection, suspension, activity, verification: who decides, in which order, and who sees what.
begin;
select plan(54);

select tests.person('Nora');
select tests.person('Max');
select tests.person('Omar');
select tests.person('Sue');
select tests.person('Ada');
select public.set_platform_role(tests.id('Sue')::text, 'support');
select public.set_platform_role(tests.id('Ada')::text, 'admin');
select tests.act_as('Nora');
select public.create_business('Loft', 'salon', 'DE', 'Europe/Berlin', 'EUR');
select tests.act_as_owner();
insert into tests.names (name, id) select 'Loft', id from business.businesses where slug = 'loft';
select tests.member('Max', 'Loft', 'manager');

-- Submit
select tests.act_as_anon();
select throws_ok(
    $$ select public.submit_business(tests.id('Loft')::text) $$, 'PT401', 'Sign in first.',
    'a visitor submits nothing'
);
select is_empty(
    $$ select 1 from public.businesses where id = tests.id('Loft') $$, 'a visitor sees no draft'
);
select tests.act_as('Omar');
select throws_ok(
    $$ select public.submit_business(tests.id('Loft')::text) $$, 'PT404', 'There is no such business.',
    'to a stranger there is no such draft'
);
select throws_ok(
    $$ select public.submit_business('00000000-0000-4000-8000-00000000dead') $$, 'PT404',
    'There is no such business.', 'the answer is that of a business that does not exist'
);
select tests.act_as('Max');
select throws_ok(
    $$ select public.submit_business(tests.id('Loft')::text) $$, 'PT403',
    'You are not allowed to do this for this business.', 'a manager does not submit'
);
select tests.act_as('Nora');
select throws_ok(
    $$ select public.approve_business(tests.id('Loft')::text) $$, 'PT403',
    'You are not allowed to do this for this business.', 'an owner does not approve'
);
select throws_ok(
    $$ select public.submit_business('loft') $$, 'PT400', 'business_id must be a UUID.', 'an id is an id'
);
select tests.act_as_owner();
update auth.users set email_confirmed_at = null where users.id = tests.id('Nora');
select tests.act_as('Nora');
select throws_ok(
    $$ select public.submit_business(tests.id('Loft')::text) $$, 'PT403',
    'Your e-mail address is not verified yet.', 'nobody submits whose address is not verified'
);
select tests.act_as_owner();
update auth.users set email_confirmed_at = now() where users.id = tests.id('Nora');
select tests.act_as('Nora');
select results_eq(
    $$ select status::text from public.submit_business(tests.id('Loft')::text) $$,
    $$ values ('submitted') $$, 'an owner submits'
);
select results_eq(
    $$ select status::text from public.submit_business(tests.id('Loft')::text) $$,
    $$ values ('submitted') $$, 'and submitting again changes nothing'
);
select tests.act_as('Omar');
select throws_ok(
    $$ select public.approve_business(tests.id('Loft')::text) $$, 'PT404', 'There is no such business.',
    'a stranger finds nothing to approve'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.approve_business(tests.id('Loft')::text) $$, 'PT401', 'Sign in first.',
    'a visitor approves nothing'
);

-- Reject, submit again, approve
select tests.act_as('Sue');
select results_eq(
    $$ select name from public.businesses where id = tests.id('Loft') $$, $$ values ('Loft') $$,
    'the platform''s staff see it'
);
select throws_ok(
    $$ select public.reject_business(tests.id('Loft')::text, ' ') $$, 'PT400', 'reason is required.',
    'a rejection has a reason'
);
select throws_ok(
    $$ select public.submit_business(tests.id('Loft')::text) $$, 'PT403',
    'You are not allowed to do this for this business.', 'the platform does not submit for others'
);
select throws_ok(
    $$ select public.suspend_business(tests.id('Loft')::text, 'No') $$, 'PT409',
    'The step suspend is not possible while the status is submitted.', 'what is not approved is not suspended'
);
select throws_ok(
    $$ select public.reinstate_business(tests.id('Loft')::text) $$, 'PT409',
    'The step reinstate is not possible while the status is submitted.', 'nor reinstated'
);
select results_eq(
    $$ select status::text from public.reject_business(tests.id('Loft')::text, 'No papers') $$,
    $$ values ('rejected') $$, 'the platform rejects'
);
select throws_ok(
    $$ select public.suspend_business(tests.id('Loft')::text, 'No') $$, 'PT409',
    'The step suspend is not possible while the status is rejected.', 'what is rejected is not suspended'
);
select throws_ok(
    $$ select public.approve_business(tests.id('Loft')::text) $$, 'PT409',
    'The step approve is not possible while the status is rejected.', 'nor approved before it is submitted again'
);
select throws_ok(
    $$ select public.approve_business('00000000-0000-4000-8000-00000000dead') $$, 'PT404',
    'There is no such business.', 'what does not exist is not approved'
);
select tests.act_as('Max');
select results_eq(
    $$ select new_value, reason, actor_id from public.business_history
       where business_id = tests.id('Loft') and kind = 'status' order by id desc limit 1 $$,
    $$ values ('rejected', 'No papers', tests.id('Sue')) $$,
    'a manager reads who rejected it, and why'
);
select tests.act_as('Nora');
select public.submit_business(tests.id('Loft')::text);
select is_empty(
    $$ select 1 from public.business_history where new_value = 'submitted' and reason is not null $$,
    'a reason belongs to the decision that it was given for'
);
select tests.act_as('Sue');
select results_eq(
    $$ select status::text from public.approve_business(tests.id('Loft')::text) $$,
    $$ values ('approved') $$, 'the platform approves'
);
select tests.act_as_anon();
select results_eq(
    $$ select slug from public.businesses where id = tests.id('Loft') $$, $$ values ('loft') $$,
    'now every visitor sees it'
);
select is(business.is_open(tests.id('Loft')), true, 'and it is open');
select tests.act_as('Omar');
select throws_ok(
    $$ select public.suspend_business(tests.id('Loft')::text, 'Rival') $$, 'PT403',
    'You are not allowed to do this for this business.', 'a stranger who sees it does not suspend it'
);

-- Suspend and reinstate
select tests.act_as('Sue');
select results_eq(
    $$ select status::text from public.suspend_business(tests.id('Loft')::text, 'Complaints') $$,
    $$ values ('suspended') $$, 'the platform suspends'
);
select throws_ok(
    $$ select public.approve_business(tests.id('Loft')::text) $$, 'PT409',
    'The step approve is not possible while the status is suspended.', 'a suspension is not approved away'
);
select tests.act_as_anon();
select is_empty(
    $$ select 1 from public.businesses where id = tests.id('Loft') $$, 'it is hidden from visitors at once'
);
select is(business.is_open(tests.id('Loft')), false, 'and not open');
select tests.act_as('Nora');
select results_eq(
    $$ select status::text from public.businesses where id = tests.id('Loft') $$,
    $$ values ('suspended') $$, 'its owner still sees it'
);
select throws_ok(
    $$ select public.reinstate_business(tests.id('Loft')::text) $$, 'PT403',
    'You are not allowed to do this for this business.', 'and cannot reinstate it'
);
select tests.act_as('Sue');
select results_eq(
    $$ select status::text from public.reinstate_business(tests.id('Loft')::text) $$,
    $$ values ('approved') $$, 'the platform reinstates'
);

-- Active or not
select throws_ok(
    $$ select public.set_business_active(tests.id('Loft')::text, 'false') $$, 'PT403',
    'You are not allowed to do this for this business.', 'support switches nobody off'
);
select tests.act_as('Max');
select throws_ok(
    $$ select public.set_business_active(tests.id('Loft')::text, 'false') $$, 'PT403',
    'You are not allowed to do this for this business.', 'nor does a manager'
);
select tests.act_as('Nora');
select throws_ok(
    $$ select public.set_business_active(tests.id('Loft')::text, null) $$, 'PT400',
    'is_active is required.', 'on or off is said'
);
select results_eq(
    $$ select is_active from public.set_business_active(tests.id('Loft')::text, 'false') $$,
    $$ values (false) $$, 'an owner switches it off'
);
select tests.act_as_anon();
select is_empty(
    $$ select 1 from public.businesses where id = tests.id('Loft') $$, 'then visitors do not see it'
);
select tests.act_as('Ada');
select results_eq(
    $$ select is_active from public.set_business_active(tests.id('Loft')::text, 'true') $$,
    $$ values (true) $$, 'an admin of the platform switches it on'
);
select public.set_business_active(tests.id('Loft')::text, 'true');
select results_eq(
    $$ select old_value, new_value, actor_id from public.business_history
       where business_id = tests.id('Loft') and kind = 'active' order by id $$,
    $$ values ('true', 'false', tests.id('Nora')), ('false', 'true', tests.id('Ada')) $$,
    'who switched what is remembered, and only what changed'
);

-- Verified
select tests.act_as('Nora');
select throws_ok(
    $$ select public.verify_business(tests.id('Loft')::text) $$, 'PT403',
    'You are not allowed to do this for this business.', 'an owner does not verify'
);
select tests.act_as('Sue');
select results_eq(
    $$ select is_verified from public.verify_business(tests.id('Loft')::text, 'Met them') $$,
    $$ values (true) $$, 'the platform verifies'
);
select throws_ok(
    $$ select public.unverify_business(tests.id('Loft')::text, '') $$, 'PT400', 'reason is required.',
    'taking it back has a reason'
);
select results_eq(
    $$ select is_verified from public.unverify_business(tests.id('Loft')::text, 'Moved') $$,
    $$ values (false) $$, 'the platform takes it back'
);
select results_eq(
    $$ select new_value, reason, actor_id from public.business_history
       where business_id = tests.id('Loft') and kind = 'verified' order by id $$,
    $$ values ('true', 'Met them', tests.id('Sue')), ('false', 'Moved', tests.id('Sue')) $$,
    'both are remembered'
);
select tests.act_as('Omar');
select is_empty($$ select 1 from public.business_history $$, 'a stranger reads no history');

-- Around the API
select tests.act_as_owner();
select throws_ok(
    $$ update business.businesses set status = 'draft' where id = tests.id('Loft') $$, 'PT409',
    'The step to draft is not possible while the status is approved.',
    'not even the owner of the table takes a step that does not exist'
);
select throws_ok(
    $$ update business.businesses set status = 'rejected' where id = tests.id('Loft') $$, 'PT409',
    'The step to rejected is not possible while the status is approved.', 'nor another one'
);
select lives_ok(
    $$ update business.businesses set status = 'suspended' where id = tests.id('Loft') $$,
    'a step that exists is taken'
);
select results_eq(
    $$ select new_value, actor_id from business.business_history
       where business_id = tests.id('Loft') order by id desc limit 1 $$,
    $$ values ('suspended', null::uuid) $$, 'and remembered all the same'
);
select throws_ok(
    $$ update business.business_history set reason = 'x' $$, 'PT409', 'History cannot be changed.',
    'history is not rewritten'
);
select throws_ok(
    $$ delete from business.business_history $$, 'PT409', 'History cannot be changed.', 'nor deleted'
);
select throws_ok(
    $$ truncate business.business_history $$, 'PT409', 'History cannot be changed.', 'nor emptied'
);

select * from finish();
rollback;
