-- Realtime asks these policies when somebody joins a private topic (select) or sends to one
-- (insert). On the platform's own topics only the database broadcasts, and nobody's presence is
-- shown; that holds as well where an operator adds policies for topics of their own.
--
-- The table and its row-level security belong to the platform.

create policy messages_select
on realtime.messages
for select
to authenticated
using (extension = 'broadcast' and (select private.may_hear((select realtime.topic()))));

create policy messages_select_own_topics_only_by_right
on realtime.messages
as restrictive
for select
to authenticated
using (
    not (select private.is_own_topic((select realtime.topic())))
    or (extension = 'broadcast' and (select private.may_hear((select realtime.topic()))))
);

create policy messages_select_no_own_topics
on realtime.messages
as restrictive
for select
to anon
using (not (select private.is_own_topic((select realtime.topic()))));

create policy messages_insert_no_own_topics
on realtime.messages
as restrictive
for insert
to anon, authenticated
with check (not (select private.is_own_topic(topic)));

create policy messages_update_no_own_topics
on realtime.messages
as restrictive
for update
to anon, authenticated
using (not (select private.is_own_topic(topic)))
with check (not (select private.is_own_topic(topic)));

grant execute on function private.is_own_topic(text) to anon, authenticated, service_role;
grant execute on function private.may_hear(text) to authenticated, service_role;
grant execute on function private.keep_realtime() to worker;
