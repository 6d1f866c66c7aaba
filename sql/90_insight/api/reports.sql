-- Reports: what they can ask for, those that were saved, and how one runs.

create view public.report_fields
with (security_invoker = true)
as
select
    report_fields.subject,
    report_fields.name,
    report_fields.kind,
    report_fields.is_money,
    report_fields.description,
    report_fields.position
from insight.report_fields;
grant select on public.report_fields to anon, authenticated, service_role;

comment on view public.report_fields is
'The dimensions and measures that reports can have, by subject.

Read only.';
comment on column public.report_fields.subject is 'What a report is about, such as services.';
comment on column public.report_fields.name is 'The name of the field in a report.';
comment on column public.report_fields.kind is
'dimension: rows are grouped by it; measure: it is counted or summed.';
comment on column public.report_fields.is_money is
'Whether it is an amount in minor units; such a report has the dimension currency.';
comment on column public.report_fields.description is 'What it says.';
comment on column public.report_fields.position is 'In which order fields are listed.';

create view public.reports
with (security_invoker = true)
as
select
    reports.id,
    reports.business_id,
    reports.name,
    reports.definition,
    reports.created_at,
    reports.updated_at
from insight.reports;
grant select on public.reports to authenticated, service_role;

comment on view public.reports is
'Reports that a business saved, for its owners, managers and accountants and the platform''s '
'staff. Written with save_report and delete_report.';
comment on column public.reports.id is 'Primary key.';
comment on column public.reports.business_id is 'The business.';
comment on column public.reports.name is 'Its name, once in a business.';
comment on column public.reports.definition is 'What it asks for, as run_report takes it.';
comment on column public.reports.created_at is 'When it was saved first.';
comment on column public.reports.updated_at is 'When it was saved last.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT422 too_many_rows
 */
create function public.run_report(report public.object)
returns jsonb
language sql
stable
security invoker
set search_path = ''
begin atomic
    select insight.run_report(private.to_object(report, 'report'));
end;
comment on function public.run_report is
'Run a report: measures of a business in a period, grouped by dimensions. For owners, managers and '
'accountants, and for the platform''s staff. It counts the rows that the caller may read; the '
'subjects business, channels, services, resources and products have the figures of '
'business_dashboard, without rows in which every measure is 0.

Returns {from_on, to_on, columns, rows}; each row has the columns. A report with money has the '
'dimension currency.

- report: {business_id, subject, from_on, to_on, period, dimensions, measures, filters, sort, limit}, '
'or {report_id} of a saved report. The view report_fields lists subjects, dimensions and measures; '
'at least one measure is required. from_on and to_on are local dates, both included, at most 1097 '
'days; or period: today, yesterday, this_week, last_week, this_month, last_month, this_year or '
'last_year. filters: {dimension: [texts]}. sort: columns of the report, with a minus sign for the '
'largest first; then by the dimensions. limit: how many rows at most.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, too_many_rows 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.save_report(
    business_id public.identifier, name text, definition public.object
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select insight.save_report(
        private.to_identifier(business_id, 'business_id'),
        private.to_required_text(name, 'name', 100),
        private.to_object(definition, 'definition')
    );
end;
comment on function public.save_report is
'Save a report under a name, for everybody who sees the figures of the business. It replaces the '
'report of that name. Returns its id.

For owners, managers and accountants, and for the platform''s staff.

- name: at most 100 characters.
- definition: a report as run_report takes it, without business_id. With period, it always shows '
'the current days.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.delete_report(report_id public.identifier)
returns void
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select insight.delete_report(private.to_identifier(report_id, 'report_id'));
end;
comment on function public.delete_report is
'Delete a saved report. For owners, managers and accountants, and for the platform''s staff.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

grant execute on function
public.run_report(public.object),
public.save_report(public.identifier, text, public.object),
public.delete_report(public.identifier)
to anon, authenticated, service_role;
