-- What clients read about what is asked and, as owners and managers, write.

create view public.service_questions
with (security_invoker = true)
as
select
    service_questions.id,
    service_questions.business_id,
    service_questions.service_id,
    service_questions.key,
    service_questions.label,
    service_questions.kind,
    service_questions.is_required,
    service_questions.choices,
    service_questions.position,
    service_questions.is_active,
    service_questions.created_at
from catalog.service_questions;
grant select on public.service_questions to anon;
grant select, insert, update, delete on public.service_questions to authenticated, service_role;

comment on view public.service_questions is
'Questions that a booking of a service must answer.

Send the answers to book. Readable by everyone who can see the service; written by owners and '
'managers.';
comment on column public.service_questions.id is 'Primary key.';
comment on column public.service_questions.business_id is 'The business that owns it.';
comment on column public.service_questions.service_id is 'The service.';
comment on column public.service_questions.key is
'Key of the answer, unique in the service: a to z, 0 to 9 and _, at most 50 characters.';
comment on column public.service_questions.label is 'The question, at most 500 characters.';
comment on column public.service_questions.kind is
'text (at most 500 characters), long_text (5000), number, yes_no (true or false), choice (one of '
'choices), choices (a list of them), date (2031-03-30), phone (+491701234567) or email.';
comment on column public.service_questions.is_required is 'Whether a booking needs an answer.';
comment on column public.service_questions.choices is
'The choices: 1 to 100 different texts, only for choice and choices.';
comment on column public.service_questions.position is 'Order of display, ascending.';
comment on column public.service_questions.is_active is 'Whether the question is asked.';
comment on column public.service_questions.created_at is 'When it was created.';
