-- Who may call the functions of series. Each of them checks its caller.

grant execute on function
scheduling.create_series(scheduling.selection, text, pricing.context, text, boolean),
scheduling.cancel_series(uuid, uuid, text),
scheduling.move_series(uuid, timestamptz, uuid, uuid)
to anon, authenticated, service_role;
