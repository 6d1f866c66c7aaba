-- Notes and tags of customers, and what happened with each.

create view public.customer_notes
with (security_invoker = true)
as
select
    customer_notes.id,
    customer_notes.business_id,
    customer_notes.customer_id,
    customer_notes.kind,
    customer_notes.body,
    customer_notes.author_id,
    customer_notes.created_at,
    customer_notes.updated_at
from crm.customer_notes;
grant select, insert, update, delete on public.customer_notes to authenticated, service_role;

comment on view public.customer_notes is
'What a business writes down about its customers. customer_note_permissions says which role reads '
'and writes which kind; members change what they wrote, managers also what others wrote. '
'Customers and other businesses never see it.';
comment on column public.customer_notes.id is 'Key.';
comment on column public.customer_notes.business_id is 'The business.';
comment on column public.customer_notes.customer_id is
'The customer. A note on a merged customer is written on the one who they are now.';
comment on column public.customer_notes.kind is 'allergy, preference, restriction or general.';
comment on column public.customer_notes.body is '1 to 5000 characters.';
comment on column public.customer_notes.author_id is
'The member who wrote it; null once their account is gone.';
comment on column public.customer_notes.created_at is 'When it was written.';
comment on column public.customer_notes.updated_at is 'When it was last changed.';

create view public.customer_note_permissions
with (security_invoker = true)
as
select
    note_permissions.business_id,
    note_permissions.kind,
    note_permissions.read_permission,
    note_permissions.write_permission
from crm.note_permissions;
grant select, insert, update, delete
on public.customer_note_permissions to authenticated, service_role;

comment on view public.customer_note_permissions is
'Which permission reads and writes notes of a kind. Without a row both are serve. Members read '
'them, owners write them.';
comment on column public.customer_note_permissions.business_id is 'The business.';
comment on column public.customer_note_permissions.kind is
'allergy, preference, restriction or general.';
comment on column public.customer_note_permissions.read_permission is
'Who reads them: serve (owner, manager, staff), manage (owner, manager) or own (owner).';
comment on column public.customer_note_permissions.write_permission is
'Who writes them, in the same words.';

create view public.customer_tags
with (security_invoker = true)
as
select
    customer_tags.business_id,
    customer_tags.customer_id,
    customer_tags.tag,
    customer_tags.created_at
from crm.customer_tags;
grant select, insert, delete on public.customer_tags to authenticated, service_role;

comment on view public.customer_tags is
'Words by which a business finds its customers. Members who serve customers read and write them; '
'customers never see them.';
comment on column public.customer_tags.business_id is 'The business.';
comment on column public.customer_tags.customer_id is 'The customer.';
comment on column public.customer_tags.tag is '1 to 50 characters in one line.';
comment on column public.customer_tags.created_at is 'When it was set.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.customer_timeline(
    customer_id public.identifier,
    kinds public.list default null,
    before_at public.instant default null,
    before_id public.identifier default null,
    max_rows public.whole_number default null
)
returns setof public.customer_event
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select events.*
    from crm.timeline(
        private.to_identifier(customer_timeline.customer_id, 'customer_id'),
        crm.to_event_kinds(customer_timeline.kinds),
        private.to_instant(customer_timeline.before_at, 'before_at', is_required => false),
        private.to_identifier(customer_timeline.before_id, 'before_id', is_required => false),
        private.to_whole_number(
            customer_timeline.max_rows, 'max_rows', 1, 200, if_null => 50
        )
    ) as events;
end;
$$;
grant execute on function public.customer_timeline(
    public.identifier, public.list, public.instant, public.identifier, public.whole_number
)
to anon, authenticated, service_role;

comment on function public.customer_timeline is
'List what happened with a customer, the latest first: bookings, orders, payments, memberships, '
'credit, published reviews, notes and messages, also of those who were merged into them. For '
'members who serve customers; notes that their role does not read are left out.

- customer_id: the customer.
- kinds: which kinds; all without it.
- before_at, before_id: the last row of the page before; without them the first page.
- max_rows: how many, 1 to 200; 50 without it.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';
