-- Everybody reads what reports can ask for. Those who see the figures of a business read its saved
-- reports, and write them through functions alone.

alter table insight.report_subjects enable row level security;
alter table insight.report_fields enable row level security;
alter table insight.reports enable row level security;
grant select on insight.report_subjects, insight.report_fields
to anon, authenticated, service_role;
grant select on insight.reports to authenticated, service_role;

create policy report_subjects_select
on insight.report_subjects
for select
to anon, authenticated
using (true);

create policy report_fields_select
on insight.report_fields
for select
to anon, authenticated
using (true);

create policy reports_select
on insight.reports
for select
to authenticated
using (
    business_id in (select private.my_businesses('manage'))
    or business_id in (select private.my_businesses('account'))
    or (select private.is_platform_staff('support'))
);

-- A report runs as the caller, so the caller reads the definition and compiles it.
grant execute on function
insight.require_period(date, date),
insight.require_reader(uuid),
insight.require_report_name(text, text, text[]),
insight.report_field_names(text, insight.report_field_kind),
insight.to_report_fields(jsonb, text, text, insight.report_field_kind),
insight.to_report_filters(jsonb, text),
insight.to_report_sort(jsonb, text[]),
insight.named_period(text, uuid),
insight.to_report_period(jsonb, uuid),
insight.has_money(text, text[]),
insight.to_report(jsonb),
insight.days_to_report(uuid, date, date, insight.subject),
insight.in_grain(date, text),
insight.report_source(insight.report_subjects),
insight.report_expression(insight.report_fields, boolean),
insight.report_columns(insight.report, boolean),
insight.compile_report(insight.report),
insight.find_definition(jsonb),
insight.run_report(jsonb),
insight.save_report(uuid, text, jsonb),
insight.delete_report(uuid)
to anon, authenticated, service_role;
