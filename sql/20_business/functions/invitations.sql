-- Invitations to join a business: a token is sent to an address, lives a day and works once. Every
-- function locks the business first, like everything that changes its members.

/*
 * Return how long an invitation can be accepted: 24 hours, or the setting
 * frontdesk.invitation_hours.
 */
create function business.invitation_lifetime()
returns interval
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return make_interval(
        hours => coalesce(
            nullif(current_setting('frontdesk.invitation_hours', true), ''), '24'
        )::integer
    );
end;
$$;

/*
 * Return the hash of a token. Only the hash is kept.
 */
create function business.token_hash(token text)
returns bytea
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select sha256(convert_to(token, 'UTF8'));
end;

/*
 * Invite somebody by e-mail, as an owner. The new invitation revokes an open one to the same
 * address.
 * Definer: nobody has a write grant on invitations, and it looks up by e-mail whether a user is a
 * member.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists
 */
create function business.invite_member(
    business_id uuid, email text, role business.member_role, token text
)
returns business.invitations
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_invitation business.invitations;
begin
    perform private.require_member(invite_member.business_id, 'own');
    perform business.lock_business(invite_member.business_id);
    perform business.refuse_member_again(invite_member.business_id, invite_member.email);

    update business.invitations
    set revoked_at = private.now()
    where
        invitations.business_id = invite_member.business_id
        and invitations.email = lower(invite_member.email)
        and invitations.accepted_at is null
        and invitations.revoked_at is null;

    insert into business.invitations (business_id, email, role, token_hash, expires_at, invited_by)
    values (
        invite_member.business_id,
        lower(invite_member.email),
        invite_member.role,
        business.token_hash(invite_member.token),
        private.now() + business.invitation_lifetime(),
        auth.uid()
    )
    returning invitations.* into v_invitation;
    return v_invitation;
end;
$$;

/*
 * Refuse to invite an address whose user is a member already.
 *
 * Errors:  PT409 already_exists
 */
create function business.refuse_member_again(business_id uuid, email text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from business.business_members
        inner join auth.users on business_members.user_id = users.id
        where
            business_members.business_id = refuse_member_again.business_id
            and lower(users.email) = lower(refuse_member_again.email)
    ) then
        perform private.refuse(
            'PT409', 'already_exists', 'This user is already a member of the business.',
            'Change their role instead.'
        );
    end if;
end;
$$;

/*
 * Accept an invitation. Only the signed-in user with the invited, verified e-mail address may,
 * once, before it expires. Accepting again returns the same member.
 * Definer: nobody reads the hash of a token or writes members.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden email_not_verified · PT404 not_found
 *          PT409 already_exists invalid_transition invitation_expired
 */
create function business.accept_invitation(token text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_invitation business.invitations = business.find_invitation(token);
    v_member_id uuid;
begin
    select business_members.id into v_member_id
    from business.business_members
    where
        business_members.business_id = v_invitation.business_id
        and business_members.user_id = v_user_id;
    if v_invitation.accepted_by = v_user_id and v_member_id is not null then
        return v_member_id;
    end if;
    perform business.refuse_guest(v_invitation, v_user_id);
    update business.invitations
    set accepted_at = private.now(), accepted_by = v_user_id
    where invitations.id = v_invitation.id;
    return business.add_member(v_invitation.business_id, v_user_id, v_invitation.role);
end;
$$;

/*
 * Return the invitation with this token, and lock its business.
 *
 * Errors:  PT404 not_found
 */
create function business.find_invitation(token text)
returns business.invitations
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_invitation business.invitations;
begin
    perform business.lock_business(invitations.business_id)
    from business.invitations
    where invitations.token_hash = business.token_hash(find_invitation.token);
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such invitation.', 'Ask for a new invitation.'
        );
    end if;
    select invitations.* into strict v_invitation
    from business.invitations
    where invitations.token_hash = business.token_hash(find_invitation.token);
    return v_invitation;
end;
$$;

/*
 * Refuse a user for whom the invitation is not, or not any more.
 *
 * Errors:  PT403 forbidden email_not_verified · PT409 invalid_transition invitation_expired
 */
create function business.refuse_guest(invitation business.invitations, user_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_user auth.users;
begin
    select users.* into strict v_user from auth.users where users.id = refuse_guest.user_id;
    if lower(v_user.email) is distinct from invitation.email then
        perform private.refuse(
            'PT403', 'forbidden', 'This invitation is for another e-mail address.',
            'Sign in with the address that was invited.'
        );
    elsif v_user.email_confirmed_at is null then
        perform private.refuse(
            'PT403', 'email_not_verified', 'Your e-mail address is not verified yet.',
            'Open the link in the mail that we sent you, then accept again.'
        );
    elsif invitation.accepted_at is not null or invitation.revoked_at is not null then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This invitation was already used or revoked.',
            'Ask for a new invitation.'
        );
    elsif invitation.expires_at <= private.now() then
        perform private.refuse(
            'PT409', 'invitation_expired', 'This invitation has expired.',
            'Ask for a new invitation.'
        );
    end if;
end;
$$;

/*
 * Revoke an invitation that nobody has accepted, as an owner. Revoking again changes nothing.
 * Definer: nobody has a write grant on invitations.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function business.revoke_invitation(invitation_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id uuid;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select invitations.business_id into v_business_id
    from business.invitations
    where
        invitations.id = revoke_invitation.invitation_id
        and (
            private.is_operator()
            or invitations.business_id in (select private.my_businesses('own'))
        );
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such invitation.',
            'Check the id in the view invitations.'
        );
    end if;

    perform business.lock_business(v_business_id);
    update business.invitations
    set revoked_at = coalesce(invitations.revoked_at, private.now())
    where
        invitations.id = revoke_invitation.invitation_id
        and invitations.accepted_at is null;
    if not found then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This invitation was already used.',
            'Read invitations again.'
        );
    end if;
end;
$$;
