-- Who may use the foundation. Clients need `usage` on a domain's schema to read through the views
-- of public. What they may read there is granted table by table in each domain.

grant usage on schema private, identity, business, catalog, scheduling, pricing, extensions
to anon, authenticated, service_role;
grant usage on schema private, scheduling to worker;
grant usage on schema analytics to analyst, service_role;
grant usage on schema public to anon, authenticated, service_role, analyst;

alter table pricing.currencies enable row level security;
grant select on pricing.currencies to anon, authenticated, service_role, analyst;
-- No writes: currencies come with the seed.

create policy currencies_select
on pricing.currencies
for select
to anon, authenticated, analyst
using (true);

alter table pricing.tax_classes enable row level security;
grant select on pricing.tax_classes to anon, authenticated, service_role;
-- No writes: tax classes come with the seed.

create policy tax_classes_select
on pricing.tax_classes
for select
to anon, authenticated
using (true);

-- No grant on the sentences: only private.refusal_sentence reads them.
alter table private.refusal_sentences enable row level security;

-- No grant on idempotency keys: only private.first_answer and its siblings read and write them.
alter table private.idempotency_keys enable row level security;
grant execute on function
private.now(),
private.refuse(text, text, text, text),
private.refusal_sentence(text, text),
private.invalid(text, text),
private.max_rows(),
private.wanted_locales(text),
private.locale_rank(text[], text),
private.require_page(bigint, text),
private.check_headers(jsonb),
private.refuse_estimates(jsonb),
private.to_address(text),
private.token_user_id(),
private.is_client(),
private.admitted_key(),
private.key_may(text, text),
private.to_identifier(text, text, boolean),
private.to_instant(text, text, boolean),
private.to_date(text, text),
private.to_object(text, text, text[]),
private.to_objects(text, text, integer, text[]),
private.refuse_unknown_keys(jsonb, text, text[]),
private.to_clock(text, text),
private.to_whole_number(text, text, integer, integer, boolean, integer),
private.to_minor_units(text, text),
private.to_required_amount(text, text),
private.to_place(text, text),
private.to_yes_no(text, text),
private.to_text(text, text, integer),
private.to_required_text(text, text, integer),
private.to_email(text, text),
private.to_phone(text, text),
private.has_control_characters(text),
private.is_one_line(text),
private.is_usual_date(date),
private.is_time_zone(text),
private.to_list(text, text, integer),
private.to_identifiers(text, text),
private.first_answer(text, text, jsonb),
private.feed_horizon(),
private.timeline(),
private.write_cursor(jsonb),
private.read_cursor(text),
private.refusal(text, text, text, text),
private.remember_answer(text, text, jsonb),
private.refuse_changed_keys(jsonb, jsonb),
private.refuse_missing_values(oid, jsonb),
private.refuse_broken_references(oid, jsonb, jsonb),
private.keys_to_check(oid, jsonb, jsonb),
private.refuse_duplicates(oid, jsonb, jsonb)
to anon, authenticated, service_role;
grant execute on function
private.forget_old_keys(),
private.now()
to worker;
