-- What the platform and the owners decide about a business: approval, activity, verification,
-- documents. Triggers write the history on every path (rules).

/*
 * Take a step of the approval workflow. The table of transitions says whether the business's owners
 * or the platform may take it. A step that was taken already changes nothing.
 * Definer: nobody has a write grant on the status.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden email_not_verified · PT404 not_found
 *          PT409 invalid_transition
 */
create function business.take_step(business_id uuid, step business.business_step, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_status business.business_status;
    v_next business.business_status;
begin
    if exists (
        select 1
        from business.business_transitions
        where business_transitions.step = take_step.step and business_transitions.is_by_business
    ) then
        perform private.require_member(take_step.business_id, 'own');
        perform business.require_verified_email();
    else
        perform business.require_platform_staff(take_step.business_id, 'support');
    end if;

    v_status = (business.lock_business(take_step.business_id)).status;
    select business_transitions.to_status into v_next
    from business.business_transitions
    where
        business_transitions.step = take_step.step
        and business_transitions.from_status = v_status;
    if not found then
        if business.last_step(take_step.business_id) = take_step.step then
            return;
        end if;
        perform business.refuse_step(take_step.step::text, v_status::text);
    end if;

    update business.businesses
    set status = v_next, decision_reason = take_step.reason
    where businesses.id = take_step.business_id;
end;
$$;

/*
 * Return the last step that a business took, or null for none.
 */
create function business.last_step(business_id uuid)
returns business.business_step
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select business_transitions.step
        from business.business_history
        inner join business.business_transitions
            on
                business_transitions.from_status::text = business_history.old_value
                and business_transitions.to_status::text = business_history.new_value
        where
            business_history.business_id = last_step.business_id
            and business_history.kind = 'status'
        order by business_history.id desc
        limit 1
    );
end;
$$;

/*
 * Refuse a user whose e-mail address is not confirmed. The operator's own software passes.
 *
 * Errors:  PT403 email_not_verified
 */
create function business.require_verified_email()
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if not private.is_operator() and not exists (
        select 1
        from auth.users
        where users.id = auth.uid() and users.email_confirmed_at is not null
    ) then
        perform private.refuse(
            'PT403', 'email_not_verified', 'Your e-mail address is not verified yet.',
            'Follow the link in the mail that we sent you, or request a new one.'
        );
    end if;
end;
$$;

/*
 * Return a business, and lock it, so that changes to it and its members take turns.
 * Definer: clients have no right to lock it.
 *
 * Errors:  PT404 not_found
 */
create function business.lock_business(business_id uuid)
returns business.businesses
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business business.businesses;
begin
    select businesses.* into v_business
    from business.businesses
    where businesses.id = lock_business.business_id
    for no key update;
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    return v_business;
end;
$$;

/*
 * Refuse a step that the status of a business does not allow.
 *
 * Errors:  PT409 invalid_transition
 */
create function business.refuse_step(step text, status text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'invalid_transition',
        format(
            'The step %s is not possible while the status is %s.',
            refuse_step.step,
            refuse_step.status
        ),
        'Read the status again; somebody may have changed it.'
    );
end;
$$;

/*
 * Switch a business on or off, as an owner or an admin of the platform. Does nothing when it
 * already is so.
 * Definer: nobody has a write grant on is_active.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function business.set_active(business_id uuid, is_active boolean)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if not private.is_platform_staff('admin') then
        perform private.require_member(set_active.business_id, 'own');
    end if;
    perform business.lock_business(set_active.business_id);
    update business.businesses
    set is_active = set_active.is_active
    where
        businesses.id = set_active.business_id
        and businesses.is_active <> set_active.is_active;
end;
$$;

/*
 * Mark that the platform knows who is behind a business, or take the mark back. For platform staff.
 * Definer: nobody has a write grant on is_verified.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function business.set_verified(business_id uuid, is_verified boolean, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform business.require_platform_staff(set_verified.business_id, 'support');
    perform business.lock_business(set_verified.business_id);
    update business.businesses
    set is_verified = set_verified.is_verified, decision_reason = set_verified.reason
    where
        businesses.id = set_verified.business_id
        and businesses.is_verified <> set_verified.is_verified;
end;
$$;
