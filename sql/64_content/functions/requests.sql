-- Requests: who may ask for what, and how a worker fulfils them. Every step may be repeated.

/*
 * Ask for a person's data to be exported or erased. A request of the same kind that waits already
 * is returned instead. Whoever asks for themselves to be erased must have just signed in, and may
 * change their mind until the grace period is over.
 * Definer: nobody has a write grant on requests; it reads customers that the caller may not.
 *
 * Errors:  PT401 not_signed_in reauthentication_needed · PT403 forbidden · PT404 not_found
 *          PT409 bookings_ahead last_owner still_member
 */
create function privacy.make_request(
    kind privacy.request_kind, user_id uuid, customer_id uuid, email text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_request privacy.requests;
    v_customer customers.customers;
    v_is_own boolean = num_nonnulls(user_id, customer_id, email) = 0
        or make_request.user_id is not distinct from auth.uid() and auth.uid() is not null;
begin
    v_request.kind = make_request.kind;
    v_request.due_at = private.now();
    if v_is_own then
        v_request.user_id = private.current_user_id();
    elsif customer_id is not null then
        v_customer = privacy.known_customer(customer_id);
        v_request.customer_id = v_customer.id;
        v_request.business_id = v_customer.business_id;
    else
        perform privacy.require_admin();
        v_request.user_id = privacy.known_user(user_id);
        v_request.email = lower(email);
    end if;
    if kind = 'erasure' then
        if v_is_own then
            perform privacy.require_recent_sign_in();
            v_request.due_at = v_request.due_at + make_interval(
                days => (select settings.grace_days from privacy.settings)
            );
        end if;
        perform privacy.require_ready(
            coalesce(v_request.user_id, v_customer.user_id),
            v_request.business_id,
            privacy.contacts_of(coalesce(v_request.user_id, v_customer.user_id))
            || array_remove(array[lower(v_customer.email), v_request.email], null)
        );
    end if;
    return privacy.save_request(v_request);
end;
$$;

/*
 * Save a request, or return the one that waits already, and wake a worker.
 */
create function privacy.save_request(request privacy.requests)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id uuid;
begin
    insert into privacy.requests (
        kind, user_id, business_id, customer_id, email, requested_by, created_at, due_at
    )
    values (
        request.kind, request.user_id, request.business_id, request.customer_id, request.email,
        (select users.id from auth.users where users.id = auth.uid()), private.now(), request.due_at
    )
    on conflict do nothing
    returning requests.id into v_id;
    if v_id is null then
        return (
            select requests.id
            from privacy.requests
            where
                requests.state = 'waiting'
                and requests.kind = request.kind
                and requests.user_id is not distinct from request.user_id
                and requests.customer_id is not distinct from request.customer_id
                and requests.email is not distinct from request.email
        );
    end if;
    if request.due_at <= private.now() then
        perform private.emit('privacy.requested', jsonb_build_object('request_id', v_id));
    end if;
    return v_id;
end;
$$;

/*
 * Cancel a request to be erased that waits for its grace period.
 * Definer: nobody has a write grant on requests.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function privacy.cancel_request(request_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id constant uuid = case when not private.is_operator() then private.token_user_id() end;
    v_state privacy.request_state;
begin
    select requests.state into v_state
    from privacy.requests
    where
        requests.id = request_id
        and (v_user_id is null or v_user_id in (requests.user_id, requests.requested_by))
    for update;
    if v_state is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such request.',
            'Check the id in the view privacy_requests.'
        );
    end if;
    if v_state <> 'waiting' then
        perform private.refuse(
            'PT409', 'invalid_transition', 'This request is not waiting any more.',
            'Read the view privacy_requests.'
        );
    end if;
    update privacy.requests
    set state = 'cancelled', finished_at = private.now()
    where requests.id = request_id;
end;
$$;
