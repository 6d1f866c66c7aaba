-- Who works in a business: invited once, in time, by an owner; and never without an owner.
begin;
select plan(51);

select tests.person('Nora');
select tests.person('Max');
select tests.person('Stan');
select tests.person('Omar');
select tests.person('Sue');
select public.set_platform_role(tests.id('Sue')::text, 'support');
select tests.business('Loft', owned_by => 'Nora');
select tests.business('Elsewhere', owned_by => 'Omar');
create temp table invited (who text, id uuid, token text);
grant all on invited to public;

-- Inviting
select tests.act_as_anon();
select throws_ok(
    $$ select public.invite_member(tests.id('Loft')::text, 'max@example.com', 'manager') $$,
    'PT401', 'Sign in first.', 'a visitor invites nobody'
);
select throws_ok($$ select * from public.business_members $$, '42501', null, 'and reads no members');
select tests.act_as('Omar');
select throws_ok(
    $$ select public.invite_member(tests.id('Loft')::text, 'omar@example.com', 'owner') $$,
    'PT403', 'You are not allowed to do this for this business.', 'a stranger does not invite himself'
);
select tests.act_as('Nora');
select throws_ok(
    $$ select public.invite_member(tests.id('Loft')::text, 'max@example.com', 'king') $$,
    'PT400', 'role must be owner, manager, staff or accountant.', 'a role is one of four'
);
select throws_ok(
    $$ select public.invite_member(tests.id('Loft')::text, 'nobody', 'staff') $$,
    'PT400', 'email must be an e-mail address.', 'an address is one'
);
select throws_ok(
    $$ select public.invite_member(tests.id('Loft')::text, 'NORA@example.com', 'staff') $$,
    'PT409', 'This user is already a member of the business.', 'who is a member is not invited'
);
insert into invited
select 'first', invitation_id, token
from public.invite_member(tests.id('Loft')::text, 'Max@Example.com', 'staff');
insert into invited
select 'max', invitation_id, token
from public.invite_member(tests.id('Loft')::text, 'max@example.com', 'manager');
select results_eq(
    $$ select role::text, revoked_at is null, expires_at - created_at between '23:59' and '24:01'
       from public.invitations order by role::text $$,
    $$ values ('manager', true, true), ('staff', false, true) $$,
    'a second invitation replaces the first, and both last a day'
);
select throws_ok(
    $$ select token_hash from business.invitations $$, '42501', null, 'what is kept of a token is nobody''s'
);
select is_empty(
    $$ select 1 from public.business_members where user_id = tests.id('Max') $$,
    'an invitation alone makes nobody a member'
);

-- Accepting
select tests.act_as('Omar');
select is_empty($$ select 1 from public.invitations $$, 'a stranger sees no invitations');
select throws_ok(
    $$ select public.accept_invitation((select token from invited where who = 'max')) $$,
    'PT403', 'This invitation is for another e-mail address.', 'an invitation is for whom it names'
);
select throws_ok(
    $$ select public.accept_invitation('guessed') $$, 'PT404', 'There is no such invitation.',
    'a guess opens nothing'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.accept_invitation('guessed') $$, 'PT401', 'Sign in first.', 'a visitor signs in first'
);
select tests.act_as_owner();
update auth.users set email_confirmed_at = null where id = tests.id('Max');
select tests.act_as('Max');
select throws_ok(
    $$ select public.accept_invitation((select token from invited where who = 'max')) $$,
    'PT403', 'Your e-mail address is not verified yet.', 'an address that nobody verified is nobody''s'
);
select tests.act_as_owner();
update auth.users set email_confirmed_at = now() where id = tests.id('Max');
select tests.act_as('Max');
select throws_ok(
    $$ select public.accept_invitation((select token from invited where who = 'first')) $$,
    'PT409', 'This invitation was already used or revoked.', 'a replaced invitation is void'
);
select tests.at(now() + interval '25 hours');
select throws_ok(
    $$ select public.accept_invitation((select token from invited where who = 'max')) $$,
    'PT409', 'This invitation has expired.', 'after a day it is too late'
);
select tests.at(now() + interval '23 hours');
select results_eq(
    $$ select user_id, role::text
       from public.accept_invitation((select token from invited where who = 'max')) $$,
    $$ values (tests.id('Max'), 'manager') $$, 'in time Max joins, with the role that was meant'
);
select lives_ok(
    $$ select public.accept_invitation((select token from invited where who = 'max')) $$,
    'accepting again changes nothing'
);
select tests.at(now());
select is_empty($$ select 1 from public.invitations $$, 'a manager sees no invitations');
select throws_ok(
    $$ select public.invite_member(tests.id('Loft')::text, 'x@example.com', 'owner') $$,
    'PT403', 'You are not allowed to do this for this business.', 'and invites nobody'
);

-- Revoking
select tests.act_as('Nora');
insert into invited
select 'stan', invitation_id, token
from public.invite_member(tests.id('Loft')::text, 'stan@example.com', 'staff');
select tests.act_as('Max');
select throws_ok(
    $$ select public.revoke_invitation((select id from invited where who = 'stan')::text) $$,
    'PT404', 'There is no such invitation.', 'who cannot see an invitation does not revoke it'
);
select tests.act_as('Nora');
select isnt(
    (select revoked_at from public.revoke_invitation((select id from invited where who = 'stan')::text)),
    null, 'an owner takes an invitation back'
);
select lives_ok(
    $$ select public.revoke_invitation((select id from invited where who = 'stan')::text) $$,
    'revoking again changes nothing'
);
select tests.act_as('Stan');
select throws_ok(
    $$ select public.accept_invitation((select token from invited where who = 'stan')) $$,
    'PT409', 'This invitation was already used or revoked.', 'what was taken back opens nothing'
);

-- Who sees members
select tests.act_as_owner();
select tests.member('Stan', 'Loft', 'staff');
select tests.act_as('Stan');
select results_eq(
    $$ select display_name, role::text from public.business_members order by display_name $$,
    $$ values ('Nora', 'owner'), ('Stan', 'staff'), ('max', 'manager') $$,
    'staff see their colleagues, and nobody of another business'
);
select tests.act_as('Omar');
select results_eq(
    $$ select business_id from public.business_members $$, $$ select tests.id('Elsewhere') $$,
    'Omar sees only his own business''s members'
);
select tests.act_as('Sue');
select results_eq(
    $$ select count(*) from public.business_members
       where business_id in (tests.id('Loft'), tests.id('Elsewhere')) $$,
    $$ values (4::bigint) $$, 'the platform''s staff see all'
);

-- Roles
select tests.act_as_owner();
insert into tests.names (name, id)
select users.name || ' in Loft', business_members.id
from business.business_members
inner join tests.names as users on business_members.user_id = users.id
where business_members.business_id = tests.id('Loft');
select tests.act_as('Max');
select throws_ok(
    $$ select public.set_member_role(tests.id('Max in Loft')::text, 'owner') $$, 'PT403',
    'You are not allowed to do this for this business.', 'a manager does not promote himself'
);
select throws_ok(
    $$ select business.set_member_role(tests.id('Max in Loft'), 'owner') $$, 'PT403',
    'You are not allowed to do this for this business.', 'nor by the function behind it'
);
select throws_ok(
    $$ select public.remove_member(tests.id('Nora in Loft')::text) $$, 'PT403',
    'You are not allowed to do this for this business.', 'nor removes the owner'
);
select throws_ok(
    $$ update public.business_members set role = 'owner' $$, '42501', null, 'nor writes a role'
);
select throws_ok(
    $$ delete from public.business_members $$, '42501', null, 'nor deletes a member'
);
select tests.act_as('Omar');
select throws_ok(
    $$ select public.remove_member(tests.id('Stan in Loft')::text) $$, 'PT404',
    'There is no such member.', 'to a stranger there are no members'
);
select throws_ok(
    $$ select public.set_member_role(tests.id('Stan in Loft')::text, 'owner') $$, 'PT404',
    'There is no such member.', 'and no roles'
);
select tests.act_as_anon();
select throws_ok(
    $$ select public.remove_member(tests.id('Stan in Loft')::text) $$, 'PT401',
    'Sign in first.', 'a visitor removes nobody'
);
select tests.act_as('Sue');
select throws_ok(
    $$ select public.set_member_role(tests.id('Stan in Loft')::text, 'owner') $$, 'PT403',
    'You are not allowed to do this for this business.', 'the platform''s staff do not meddle with members'
);
select tests.act_as('Nora');
select results_eq(
    $$ select role::text from public.set_member_role(tests.id('Stan in Loft')::text, 'accountant') $$,
    $$ values ('accountant') $$, 'an owner changes a role'
);

-- The last owner
select throws_ok(
    $$ select public.set_member_role(tests.id('Nora in Loft')::text, 'manager') $$, 'PT409',
    'The last owner of a business cannot be removed.', 'the last owner does not step down'
);
select throws_ok(
    $$ select public.remove_member(tests.id('Nora in Loft')::text) $$, 'PT409',
    'The last owner of a business cannot be removed.', 'and does not leave'
);
select tests.act_as_owner();
select throws_ok(
    $$ delete from business.business_members where user_id = tests.id('Nora') $$, 'PT409',
    'The last owner of a business cannot be removed.', 'not even the owner of the table removes her'
);
select throws_ok(
    $$ update business.business_members set role = 'staff' where user_id = tests.id('Nora') $$, 'PT409',
    'The last owner of a business cannot be removed.', 'or demotes her'
);
select throws_ok(
    $$ delete from auth.users where id = tests.id('Nora') $$, 'PT409',
    'The last owner of a business cannot be removed.', 'not even with her account'
);
select tests.act_as('Nora');
select lives_ok(
    $$ select public.set_member_role(tests.id('Max in Loft')::text, 'owner') $$,
    'with a second owner'
);
select lives_ok(
    $$ select public.remove_member(tests.id('Nora in Loft')::text) $$, 'the first one may leave'
);
select is_empty(
    $$ select 1 from public.business_members where business_id = tests.id('Loft') $$,
    'then she sees the members no more'
);
select tests.act_as('Stan');
select lives_ok(
    $$ select public.remove_member(tests.id('Stan in Loft')::text) $$, 'a member leaves by himself'
);
select tests.act_as('Max');
select results_eq(
    $$ select subject_id, old_value, new_value, actor_id from public.business_history
       where kind = 'member' and business_id = tests.id('Loft') order by id $$,
    $$ values
       (tests.id('Nora'), null, 'owner', null),
       (tests.id('Max'), null, 'manager', tests.id('Max')),
       (tests.id('Stan'), null, 'staff', null),
       (tests.id('Stan'), 'staff', 'accountant', tests.id('Nora')),
       (tests.id('Max'), 'manager', 'owner', tests.id('Nora')),
       (tests.id('Nora'), 'owner', null, tests.id('Nora')),
       (tests.id('Stan'), 'accountant', null, tests.id('Stan')) $$,
    'who came, rose and left is remembered'
);

-- One may work in several businesses, in each with one role.
select tests.act_as_owner();
select lives_ok(
    $$ select tests.member('Max', 'Elsewhere', 'staff') $$, 'Max works elsewhere, too'
);
select throws_ok(
    $$ select tests.member('Max', 'Elsewhere', 'accountant') $$, '23505', null, 'with one role'
);
select lives_ok(
    $$ delete from business.businesses where id = tests.id('Loft') $$,
    'a business that goes takes its owner along'
);
select is_empty(
    $$ select 1 from business.business_history where business_id = tests.id('Loft') $$,
    'and its history'
);

select * from finish();
rollback;
