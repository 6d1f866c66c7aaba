-- Who works in a business, and how one comes to.

create view public.business_members
with (security_invoker = true)
as
select
    business_members.id,
    business_members.business_id,
    business_members.user_id,
    business_members.role,
    business_members.display_name,
    business_members.created_at
from business.business_members;
grant select on public.business_members to authenticated;
grant select, insert, update, delete on public.business_members to service_role;

comment on view public.business_members is
'Members of the caller''s businesses; the platform''s staff see all.

Changed only by functions.';
comment on column public.business_members.id is 'Primary key.';
comment on column public.business_members.business_id is 'The business.';
comment on column public.business_members.user_id is 'The user.';
comment on column public.business_members.role is 'owner, manager, staff or accountant.';
comment on column public.business_members.display_name is 'The name that colleagues see.';
comment on column public.business_members.created_at is 'When they joined.';

create view public.invitations
with (security_invoker = true)
as
select
    invitations.id,
    invitations.business_id,
    invitations.email,
    invitations.role,
    invitations.expires_at,
    invitations.invited_by,
    invitations.accepted_by,
    invitations.accepted_at,
    invitations.revoked_at,
    invitations.created_at
from business.invitations;
grant select on public.invitations to authenticated;
grant select, insert, update, delete on public.invitations to service_role;

comment on view public.invitations is
'Invitations to the businesses that the caller owns.

invite_member returns the token once; it is not stored in the clear.';
comment on column public.invitations.id is 'Primary key.';
comment on column public.invitations.business_id is 'The business.';
comment on column public.invitations.email is 'The invited e-mail address.';
comment on column public.invitations.role is
'The role that the invited user gets: owner, manager, staff or accountant.';
comment on column public.invitations.expires_at is 'When it expires.';
comment on column public.invitations.invited_by is 'The user who sent it, or null.';
comment on column public.invitations.accepted_by is 'The user who accepted it, or null.';
comment on column public.invitations.accepted_at is 'When it was accepted, or null.';
comment on column public.invitations.revoked_at is 'When it was revoked or replaced, or null.';
comment on column public.invitations.created_at is 'When it was created.';

/*
 * Read a member's role.
 *
 * Errors:  PT400 invalid_input
 */
create function business.to_member_role(role text)
returns business.member_role
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if role is null or role not in ('owner', 'manager', 'staff', 'accountant') then
        perform private.invalid('role', 'must be owner, manager, staff or accountant');
    end if;
    return role::business.member_role;
end;
$$;
grant execute on function business.to_member_role(text) to anon, authenticated, service_role;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists
 */
create function public.invite_member(
    business_id public.identifier,
    email text,
    role text,
    out invitation_id uuid,
    out token text,
    out expires_at timestamptz
)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_invitation business.invitations;
begin
    -- 244 random bits: two UUIDs of PostgreSQL's strong random source.
    token = replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '');
    v_invitation = business.invite_member(
        private.to_identifier(invite_member.business_id, 'business_id'),
        private.to_required_text(invite_member.email, 'email', 320),
        business.to_member_role(invite_member.role),
        token
    );
    invitation_id = v_invitation.id;
    expires_at = v_invitation.expires_at;
end;
$$;
grant execute on function public.invite_member(public.identifier, text, text)
to anon, authenticated, service_role;

comment on function public.invite_member(public.identifier, text, text) is
'Invite somebody to a business by e-mail.

For owners. Returns {invitation_id, token, expires_at}. The token is returned only once. It works '
'once, within 24 hours, for a user with that verified address. It replaces an open invitation to '
'the same address. already_exists answers the address of a member.

- email: the invited address.
- role: owner, manager, staff or accountant.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 email_not_verified forbidden
 *          PT404 not_found · PT409 already_exists invalid_transition invitation_expired
 */
create function public.accept_invitation(token text)
returns public.business_members
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
    v_member public.business_members;
begin
    perform private.token_user_id();
    v_id = business.accept_invitation(
        private.to_required_text(accept_invitation.token, 'token', 200)
    );
    select business_members.* into strict v_member
    from public.business_members
    where business_members.id = v_id;
    return v_member;
end;
$$;
grant execute on function public.accept_invitation(text) to anon, authenticated, service_role;

comment on function public.accept_invitation(text) is
'Accept an invitation as the user whose verified e-mail address was invited.

Returns the membership. forbidden answers a user with another address, invalid_transition an '
'invitation that was used or revoked.

- token: the token that invite_member returned.

Errors: invalid_input 400, not_signed_in 401, email_not_verified 403, forbidden 403, not_found '
'404, already_exists 409, invalid_transition 409, invitation_expired 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function public.revoke_invitation(invitation_id public.identifier)
returns public.invitations
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(revoke_invitation.invitation_id, 'invitation_id');
    v_invitation public.invitations;
begin
    perform business.revoke_invitation(v_id);
    select invitations.* into strict v_invitation
    from public.invitations
    where invitations.id = v_id;
    return v_invitation;
end;
$$;
grant execute on function public.revoke_invitation(public.identifier)
to anon, authenticated, service_role;

comment on function public.revoke_invitation(public.identifier) is
'Revoke an open invitation.

For owners. invalid_transition answers one that was used or revoked.

Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 last_owner
 */
create function public.set_member_role(member_id public.identifier, role text)
returns public.business_members
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(set_member_role.member_id, 'member_id');
    v_member public.business_members;
begin
    perform business.set_member_role(v_id, business.to_member_role(set_member_role.role));
    select business_members.* into strict v_member
    from public.business_members
    where business_members.id = v_id;
    return v_member;
end;
$$;
grant execute on function public.set_member_role(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.set_member_role(public.identifier, text) is
'Change the role of a member.

For owners.

- member_id: id of a row of business_members.
- role: owner, manager, staff or accountant.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, last_owner 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 last_owner
 */
create function public.remove_member(member_id public.identifier)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform business.remove_member(private.to_identifier(remove_member.member_id, 'member_id'));
end;
$$;
grant execute on function public.remove_member(public.identifier)
to anon, authenticated, service_role;

comment on function public.remove_member(public.identifier) is
'Remove a member from a business.

For owners; members may also remove themselves.

- member_id: id of a row of business_members.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, last_owner 409.';
