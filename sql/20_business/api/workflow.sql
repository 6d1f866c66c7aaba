-- The steps of a business and the platform's decisions, as clients call them. Each answers with the
-- business, or the document, as it is then.

/*
 * The business as the caller sees it.
 */
create function business.as_seen(business_id uuid)
returns public.businesses
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_business public.businesses;
begin
    select businesses.* into strict v_business
    from public.businesses
    where businesses.id = as_seen.business_id;
    return v_business;
end;
$$;
grant execute on function business.as_seen(uuid) to anon, authenticated, service_role;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 email_not_verified forbidden
 *          PT404 not_found · PT409 invalid_transition
 */
create function public.submit_business(business_id public.identifier)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(submit_business.business_id, 'business_id');
begin
    perform business.take_step(
        v_id, 'submit', null
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.submit_business(public.identifier)
to anon, authenticated, service_role;

comment on function public.submit_business(public.identifier) is
'Submit a draft or rejected business for approval.

For owners with a verified e-mail address.

Errors: invalid_input 400, not_signed_in 401, email_not_verified 403, forbidden 403, not_found '
'404, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.approve_business(business_id public.identifier)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(approve_business.business_id, 'business_id');
begin
    perform business.take_step(
        v_id, 'approve', null
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.approve_business(public.identifier)
to anon, authenticated, service_role;

comment on function public.approve_business(public.identifier) is
'Approve a submitted business.

Everyone can see it while it is active. For the platform''s staff.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.reject_business(business_id public.identifier, reason text)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(reject_business.business_id, 'business_id');
begin
    perform business.take_step(
        v_id, 'reject', private.to_required_text(reject_business.reason, 'reason', 1000)
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.reject_business(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.reject_business(public.identifier, text) is
'Reject a submitted business.

For the platform''s staff.

- reason: shown to its owners, at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.suspend_business(business_id public.identifier, reason text)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(suspend_business.business_id, 'business_id');
begin
    perform business.take_step(
        v_id, 'suspend', private.to_required_text(suspend_business.reason, 'reason', 1000)
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.suspend_business(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.suspend_business(public.identifier, text) is
'Suspend an approved business.

It is hidden at once and takes no new bookings; existing bookings stay. For the platform''s '
'staff.

- reason: shown to its owners, at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.reinstate_business(business_id public.identifier)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(reinstate_business.business_id, 'business_id');
begin
    perform business.take_step(
        v_id, 'reinstate', null
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.reinstate_business(public.identifier)
to anon, authenticated, service_role;

comment on function public.reinstate_business(public.identifier) is
'Approve a suspended business again.

For the platform''s staff.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.set_business_active(business_id public.identifier, is_active public.yes_no)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(set_business_active.business_id, 'business_id');
begin
    if set_business_active.is_active is null then
        perform private.invalid('is_active', 'is required');
    end if;
    perform business.set_active(
        v_id, private.to_yes_no(set_business_active.is_active, 'is_active')
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.set_business_active(public.identifier, public.yes_no)
to anon, authenticated, service_role;

comment on function public.set_business_active(public.identifier, public.yes_no) is
'Switch a business on or off.

While it is off, only its members and the platform''s staff see it. For its owners and the '
'platform''s admins.

- is_active: true or false; repeating the call changes nothing.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.verify_business(business_id public.identifier, reason text default null)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(verify_business.business_id, 'business_id');
begin
    perform business.set_verified(
        v_id, true, private.to_text(verify_business.reason, 'reason', 1000)
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.verify_business(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.verify_business(public.identifier, text) is
'Mark a business as verified: the platform knows who is behind it.

For the platform''s staff.

- reason: what was checked, at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.unverify_business(business_id public.identifier, reason text)
returns public.businesses
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid = private.to_identifier(unverify_business.business_id, 'business_id');
begin
    perform business.set_verified(
        v_id, false, private.to_required_text(unverify_business.reason, 'reason', 1000)
    );
    return business.as_seen(v_id);
end;
$$;
grant execute on function public.unverify_business(public.identifier, text)
to anon, authenticated, service_role;

comment on function public.unverify_business(public.identifier, text) is
'Remove the verified mark of a business.

For the platform''s staff.

- reason: at most 1000 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';
