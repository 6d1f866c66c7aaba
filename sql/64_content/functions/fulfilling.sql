-- How workers fulfil requests. Each function may be called again: it does what is left to do.

/*
 * Return the person whom a request is about.
 */
create function privacy.person_of(request privacy.requests)
returns privacy.person
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_customer customers.customers;
begin
    select customers.* into v_customer
    from customers.customers
    where customers.id = request.customer_id;
    return privacy.find_person(
        coalesce(request.user_id, v_customer.user_id),
        privacy.contacts_of(coalesce(request.user_id, v_customer.user_id))
        || array_remove(array[request.email, lower(v_customer.email), v_customer.phone], null),
        request.business_id,
        request.customer_id
    );
end;
$$;

/*
 * Return the document of an export that waits, or null when there is nothing to do.
 * Definer: called by the workers, who have no access to the tables.
 */
create function privacy.start_export(request_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_request privacy.requests;
begin
    select requests.* into v_request
    from privacy.requests
    where
        requests.id = request_id
        and requests.kind = 'export'
        and requests.state = 'waiting';
    return case when v_request.id is not null then privacy.document_of(v_request) end;
end;
$$;

/*
 * Return everything about the person of a request.
 */
create function privacy.document_of(request privacy.requests)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_person constant privacy.person = privacy.person_of(request);
begin
    return jsonb_build_object(
        'about', jsonb_build_object(
            'user_id', request.user_id, 'customer_id', request.customer_id,
            'business_id', request.business_id, 'email', request.email
        ),
        'exported_at', private.now(),
        'account', case
            when request.business_id is null then privacy.export_account(v_person.user_id)
        end,
        'tables', privacy.export_rows(v_person)
    );
end;
$$;

/*
 * Return everything about an account or a guest's address at once, for the operator.
 */
create function privacy.export_of(user_id uuid, email text)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_request privacy.requests;
begin
    v_request.user_id = export_of.user_id;
    v_request.email = lower(export_of.email);
    return privacy.document_of(v_request);
end;
$$;

/*
 * Record where the file of an export lies, and until when.
 * Definer: as privacy.start_export.
 */
create function privacy.finish_export(request_id uuid, object_name text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_request privacy.requests;
begin
    update privacy.requests
    set
        state = 'done',
        object_name = finish_export.object_name,
        finished_at = private.now(),
        expires_at = private.now() + make_interval(
            hours => (select settings.export_hours from privacy.settings)
        )
    where requests.id = request_id and requests.state = 'waiting'
    returning requests.* into v_request;
    if v_request.requested_by is not null then
        insert into files.downloads (bucket, object_name, user_id, expires_at)
        values (
            'exports', v_request.object_name, v_request.requested_by, v_request.expires_at
        );
    end if;
end;
$$;

/*
 * Erase the person of a request that is due, in one transaction. Returns whether there was
 * something to do. Somebody who cannot go any more is not erased: the request ends as refused.
 * Definer: as privacy.start_export.
 */
create function privacy.run_erasure(request_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_request privacy.requests;
begin
    select requests.* into v_request
    from privacy.requests
    where
        requests.id = request_id
        and requests.kind = 'erasure'
        and requests.state = 'waiting'
        and requests.due_at <= private.now()
    for update;
    if v_request.id is null then
        return false;
    end if;
    begin
        perform privacy.erase(v_request);
    exception
        when sqlstate 'PT409' then
            update privacy.requests
            set
                state = 'refused',
                finished_at = private.now(),
                report = jsonb_build_object('refused', sqlerrm)
            where requests.id = request_id;
    end;
    return true;
end;
$$;

/*
 * Erase the person of a request.
 *
 * Errors:  PT409 bookings_ahead last_owner last_admin still_member
 */
create function privacy.erase(request privacy.requests)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_person privacy.person = privacy.person_of(request);
    v_names text[];
    v_report jsonb;
begin
    perform privacy.require_ready(v_person.user_id, request.business_id, v_person.contacts);
    if request.business_id is null then
        v_names = array(
            select profiles.full_name
            from identity.profiles
            where profiles.id = v_person.user_id and length(profiles.full_name) > 4
        );
        perform privacy.erase_messages(v_person, v_names);
        -- Before the profile goes: a change of the account's address writes the profile.
        perform privacy.erase_account(v_person.user_id);
        perform privacy.release_files(v_person.user_id);
        update privacy.requests
        set expires_at = private.now()
        where
            requests.user_id = v_person.user_id
            and requests.kind = 'export'
            and requests.state = 'done';
        delete from files.downloads
        where downloads.user_id = v_person.user_id;
    end if;
    v_report = privacy.erase_rows(v_person);
    update privacy.requests
    set
        state = 'erased',
        email = null,
        report = v_report
    where requests.id = request.id;
end;
$$;

/*
 * Return the requests that are due: a worker that died, or a grace period that is over.
 * Definer: as privacy.start_export.
 */
create function privacy.due_requests()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select jsonb_agg(requests.id)
        from privacy.requests
        where requests.state = 'waiting' and requests.due_at <= private.now()
    );
end;
$$;
