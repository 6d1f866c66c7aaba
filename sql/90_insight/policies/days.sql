-- Kept figures have no persons. Analysts read them through the views of analytics; owners and the
-- platform's staff through functions that check the caller. Nobody writes but the worker's function
-- and triggers.

alter table insight.days enable row level security;
alter table insight.kept_days enable row level security;
alter table insight.day_changes enable row level security;
-- No grants on takings: what they add up to is in days.
alter table insight.takings enable row level security;

grant usage on schema insight to anon, authenticated, service_role, analyst, worker;
grant select on insight.days, insight.kept_days, insight.day_changes to analyst, service_role;
grant select on insight.changed_days, insight.all_days to analyst, service_role;
grant execute on function insight.recounted_days() to analyst, service_role;

create policy days_select_analyst
on insight.days
for select
to analyst
using (true);

create policy kept_days_select_analyst
on insight.kept_days
for select
to analyst
using (true);

create policy day_changes_select_analyst
on insight.day_changes
for select
to analyst
using (true);

grant execute on function
insight.business_dashboard(uuid, date, date), insight.platform_dashboard(date, date)
to anon, authenticated, service_role;
grant execute on function insight.business_totals() to authenticated, service_role;

grant execute on function insight.refresh_days(integer), insight.note_past_days() to worker;
