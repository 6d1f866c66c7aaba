-- The audit trail as people read it.

create view public.audit_log
with (security_invoker = true)
as
select
    entries.id,
    entries.at,
    entries.table_name,
    entries.operation,
    entries.business_id,
    entries.row_id,
    entries.before,
    entries.after,
    entries.actor_id,
    entries.actor_role,
    entries.cause,
    entries.request_id,
    case
        when (select private.is_platform_staff('admin')) or (select private.is_operator())
            then entries.address
    end as address,
    case
        when (select private.is_platform_staff('admin')) or (select private.is_operator())
            then entries.user_agent
    end as user_agent,
    entries.transaction_id::text as transaction_id
from audit.entries;
grant select on public.audit_log to authenticated, service_role;

comment on view public.audit_log is
'Who changed which row, from where and by which call; order by id for the oldest first.

Rows are never changed. Owners and managers see what happened to their business, the platform''s '
'admins see everything. What is personal or secret appears as ***.';
comment on column public.audit_log.id is 'Part of the primary key; later entries have higher ids.';
comment on column public.audit_log.at is 'When the transaction of the change began.';
comment on column public.audit_log.table_name is 'The table, such as catalog.services.';
comment on column public.audit_log.operation is 'INSERT, UPDATE, DELETE or TRUNCATE.';
comment on column public.audit_log.business_id is
'The business that the row belongs to; null for a row of the platform or of a user.';
comment on column public.audit_log.row_id is
'The primary key of the row; the columns of a longer key are joined by a slash.';
comment on column public.audit_log.before is
'The deleted row, or the values that an update replaced; null for an insert.';
comment on column public.audit_log.after is
'The inserted row, or the values that an update wrote; null for a delete.';
comment on column public.audit_log.actor_id is
'The user whose token was sent; null for the operator''s software.';
comment on column public.audit_log.actor_role is
'The role of the database, such as authenticated, service_role or worker.';
comment on column public.audit_log.cause is
'The request of the API, such as POST /rpc/approve_business, or the name of the program.';
comment on column public.audit_log.request_id is 'The id of the request at the gateway, or null.';
comment on column public.audit_log.address is
'The network address of the request; null for others than admins of the platform.';
comment on column public.audit_log.user_agent is
'The program that sent the request; null for others than admins of the platform.';
comment on column public.audit_log.transaction_id is
'Changes with the same number were made together.';
