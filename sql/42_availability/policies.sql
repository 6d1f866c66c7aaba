-- What public functions call to know what can be booked. Each checks its caller; none is reachable
-- over HTTP by itself.

grant execute on function
scheduling.make_selection(
    uuid, timestamptz, uuid, integer, uuid[], integer, jsonb, text
),
scheduling.to_party_size(text, text),
scheduling.to_selection(text, text, text, text, text, text, text),
scheduling.to_selections(text, timestamptz, integer),
scheduling.to_leg(text, text, text, text, text),
scheduling.to_item(jsonb, integer),
scheduling.to_overrides(text),
scheduling.legs(scheduling.selection[]),
scheduling.lines_of(scheduling.leg[]),
scheduling.price_legs(scheduling.leg[], pricing.context, uuid, text),
scheduling.price_of_line(jsonb),
scheduling.visible_service(uuid, boolean),
scheduling.open_service(uuid),
scheduling.refuse_unseen(),
scheduling.bookable_service(uuid),
scheduling.vacancies(
    uuid, tstzmultirange, uuid, integer, integer, uuid, scheduling.need[], scheduling.start_rule[]
),
scheduling.chosen_addons(uuid, uuid[])
to anon, authenticated, service_role;
