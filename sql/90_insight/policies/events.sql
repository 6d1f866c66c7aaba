-- Analysts count events. Nobody else reads them, and all come in by a function.

alter table insight.events enable row level security;
alter table insight.events_else enable row level security;
grant select on insight.events to analyst, service_role;

create policy events_select_analyst
on insight.events
for select
to analyst
using (true);

grant execute on function insight.track(jsonb) to anon, authenticated, service_role;
grant execute on function insight.keep_event_months() to worker;
