-- What was decided about a business, as its owners, managers and the platform read it.

create view public.business_history
with (security_invoker = true)
as
select
    business_history.id,
    business_history.business_id,
    business_history.kind,
    business_history.subject_id,
    business_history.old_value,
    business_history.new_value,
    business_history.reason,
    business_history.actor_id,
    business_history.at
from business.business_history;
grant select on public.business_history to authenticated, service_role;

comment on view public.business_history is
'Every decision about a business; order by id for the oldest first.

Rows never change. For its owners and managers, and the platform''s staff.';
comment on column public.business_history.id is 'Primary key; later entries have higher keys.';
comment on column public.business_history.business_id is 'The business.';
comment on column public.business_history.kind is
'What changed: status, active, verified, document or member.';
comment on column public.business_history.subject_id is
'The user (kind member) or the document (kind document) of the change, otherwise null.';
comment on column public.business_history.old_value is 'The value before; null for a new one.';
comment on column public.business_history.new_value is 'The value after; null if a member left.';
comment on column public.business_history.reason is 'The reason, or null.';
comment on column public.business_history.actor_id is
'The user who made the change; null for the operator''s software or a deleted user.';
comment on column public.business_history.at is 'When it happened.';
