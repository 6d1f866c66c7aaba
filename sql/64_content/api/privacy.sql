-- How people and businesses ask for data to be exported or erased.

create view public.privacy_requests
with (security_invoker = true)
as
select
    requests.id,
    requests.kind,
    requests.state,
    requests.user_id,
    requests.business_id,
    requests.customer_id,
    requests.requested_by,
    requests.created_at,
    requests.due_at,
    requests.finished_at,
    requests.expires_at,
    requests.object_name,
    requests.report
from privacy.requests;
grant select on public.privacy_requests to authenticated, service_role;

comment on view public.privacy_requests is
'Requests to export or to erase somebody''s data. Everybody reads their own, owners and managers '
'those of their business, admins of the platform all.';
comment on column public.privacy_requests.id is 'Key.';
comment on column public.privacy_requests.kind is 'export or erasure.';
comment on column public.privacy_requests.state is
'waiting (for a worker, or for the grace period), erased (files are being deleted), done, '
'cancelled, refused (report says why) or expired (the file of an export is deleted).';
comment on column public.privacy_requests.user_id is 'The account that it is about; null: none.';
comment on column public.privacy_requests.business_id is
'The business, when it is about a customer of one; null: everything.';
comment on column public.privacy_requests.customer_id is 'The customer of that business.';
comment on column public.privacy_requests.requested_by is 'Who asked; null: the operator.';
comment on column public.privacy_requests.created_at is 'When they asked.';
comment on column public.privacy_requests.due_at is
'When it is done: at once, or at the end of the grace period.';
comment on column public.privacy_requests.finished_at is 'When it was done, cancelled or refused.';
comment on column public.privacy_requests.expires_at is 'Until when the export can be fetched.';
comment on column public.privacy_requests.object_name is
'The file of an export, in the private bucket exports of Storage.';
comment on column public.privacy_requests.report is
'What an erasure did: rows erased and deleted by table, and what is kept, why and how long.';

create view public.retention_rules
with (security_invoker = true)
as
select
    retention_rules.relation,
    retention_rules.counted_from,
    retention_rules.keep,
    retention_rules.action,
    retention_rules.reason
from privacy.retention_rules;
grant select on public.retention_rules to authenticated, service_role;

comment on view public.retention_rules is
'How long the rows of a table are kept. Read by everybody who is signed in.';
comment on column public.retention_rules.relation is 'The table.';
comment on column public.retention_rules.counted_from is 'The column from which the period counts.';
comment on column public.retention_rules.keep is 'How long its rows are kept as they are.';
comment on column public.retention_rules.action is
'delete the row, or erase what is personal in it.';
comment on column public.retention_rules.reason is 'Why so long.';

/*
 * Return a request as the caller may read it.
 */
create function privacy.visible_request(request_id uuid)
returns public.privacy_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_request public.privacy_requests;
begin
    select privacy_requests.* into v_request
    from public.privacy_requests
    where privacy_requests.id = request_id;
    return v_request;
end;
$$;

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.export_person(
    user_id public.identifier default null,
    customer_id public.identifier default null,
    email text default null
)
returns public.privacy_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return privacy.visible_request(privacy.make_request(
        'export',
        private.to_identifier(user_id, 'user_id', is_required => false),
        private.to_identifier(customer_id, 'customer_id', is_required => false),
        private.to_email(email, 'email')
    ));
end;
$$;
comment on function public.export_person is
'Ask for everything about a person as one JSON file. Without arguments: about the caller.

A worker writes the file into the private bucket exports; the request then has state done and '
'object_name, and whoever asked gets a link with Storage''s createSignedUrl until expires_at. '
'Returns the request; one that waits already is returned again.

- user_id: an account; for admins of the platform.
- customer_id: a customer of a business, with the rows of that business alone; for its owners and '
'managers.
- email: a guest''s address; for admins of the platform.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in reauthentication_needed · PT403 forbidden
 *          PT404 not_found · PT409 bookings_ahead last_owner still_member
 */
create function public.erase_person(
    user_id public.identifier default null,
    customer_id public.identifier default null,
    email text default null
)
returns public.privacy_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return privacy.visible_request(privacy.make_request(
        'erasure',
        private.to_identifier(user_id, 'user_id', is_required => false),
        private.to_identifier(customer_id, 'customer_id', is_required => false),
        private.to_email(email, 'email')
    ));
end;
$$;
comment on function public.erase_person is
'Ask for a person to be erased. Without arguments: the caller, who must have signed in within ten '
'minutes, and may call cancel_erasure until due_at, seven days later.

A worker then erases what identifies the person in every table and deletes the account and its '
'files. Sales, the ledger and statistics stay without the person; what must be kept for some '
'years is listed in report. Returns the request; one that waits already is returned again.

- user_id: an account; for admins of the platform, and done at once.
- customer_id: a customer of a business, in the rows of that business alone; for its owners and '
'managers, and done at once. The customer''s own account stays.
- email: a guest''s address; for admins of the platform, and done at once.

Errors: invalid_input 400, not_signed_in 401, reauthentication_needed 401, forbidden 403, '
'not_found 404, bookings_ahead 409, last_owner 409, still_member 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 invalid_transition
 */
create function public.cancel_erasure(request_id public.identifier)
returns public.privacy_requests
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(request_id, 'request_id');
begin
    perform privacy.cancel_request(v_id);
    return privacy.visible_request(v_id);
end;
$$;
comment on function public.cancel_erasure is
'Cancel a request that waits: the account stays as it is. Returns the request.

Errors: invalid_input 400, not_signed_in 401, not_found 404, invalid_transition 409.';

grant execute on function
privacy.visible_request(uuid),
public.export_person(public.identifier, public.identifier, text),
public.erase_person(public.identifier, public.identifier, text),
public.cancel_erasure(public.identifier)
to anon, authenticated, service_role;
