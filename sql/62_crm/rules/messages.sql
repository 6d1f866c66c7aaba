-- Messages are only ever added to; erasing may empty them. A file goes with its link.

create trigger _100_refuse_rewriting
before update or delete on crm.messages
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on crm.messages
for each statement execute function private.any__refuse_rewriting();

create trigger _600_announce_deletion
after delete on crm.messages
for each row execute function private.any__announce_deletion('message');

create trigger _500_release_medium
after delete on crm.message_attachments
for each row execute function files.any__release_medium();
