-- How long the bytes of providers' events are kept: 90 days, whoever they are about.
begin;
select plan(9);

select tests.at('2031-06-01 08:00Z');
create function pg_temp.hear(event text, kind text, object text)
returns void
language sql
as $$
    select money.receive_event(
        jsonb_build_object(
            'provider', 'sandbox', 'event_id', event, 'kind', kind, 'object_reference', object,
            'amount_minor', 900, 'currency', 'EUR', 'data', '{"payer": "Cleo Quast"}'::jsonb
        ),
        convert_to('Cleo Quast', 'UTF8')
    );
$$;
select pg_temp.hear('parked', 'payment.captured', 'payment_1');
select money.apply_event((select id from money.provider_events where event_id = 'parked'));
select pg_temp.hear('recent', 'payment.captured', 'payment_2');
select money.apply_event((select id from money.provider_events where event_id = 'recent'));
select pg_temp.hear('applied', 'payment.captured', 'payment_3');
select pg_temp.hear('refund', 'refund.failed', 'refund_1');
update money.provider_events set state = 'applied', subject_id = gen_random_uuid()
where event_id = 'applied';
update money.provider_events set state = 'parked', subject_id = gen_random_uuid()
where event_id = 'refund';
update money.provider_events
set received_at = private.now() - case event_id when 'recent' then interval '89 days' else '91 days' end;

select results_eq(
    $$ select keep, action::text from privacy.retention_rules where relation = 'money.provider_events' $$,
    $$ values (interval '90 days', 'erase') $$, 'events of providers have a rule of retention'
);
select privacy.apply_retention(100);
select results_eq(
    $$ select event_id from money.provider_events where raw <> '' order by event_id $$,
    $$ values ('recent') $$, 'after 90 days the bytes are empty, of parked events as well'
);
select results_eq(
    $$ select event_id from money.provider_events where data <> '{}' order by event_id $$,
    $$ values ('recent') $$, 'and so is what was read in them'
);
select results_eq(
    $$ select event_id, state::text from money.provider_events order by event_id $$,
    $$ values ('applied', 'applied'), ('parked', 'ignored'), ('recent', 'parked'), ('refund', 'parked') $$,
    'what nobody knew is ignored; what is about a known payment keeps its state'
);
select results_eq(
    $$ select object_reference, amount_minor, currency from money.provider_events where event_id = 'parked' $$,
    $$ values ('payment_1', 900::bigint, 'EUR') $$, 'the row stays with its amount and reference'
);
select is(
    money.receive_event(
        '{"provider": "sandbox", "event_id": "parked", "kind": "payment.captured", "object_reference": "payment_1"}',
        'again'
    ),
    false, 'so the event is still known when it comes again'
);
select is(
    money.apply_event((select id from money.provider_events where event_id = 'parked')), null,
    'an ignored event is not applied'
);
select is(
    privacy.apply_retention(100), 0::bigint, 'what is empty is not emptied again'
);
select throws_ok(
    $$ update money.provider_events set raw = 'other' where event_id = 'recent' $$,
    'PT409', 'History cannot be changed.', 'nobody changes bytes otherwise'
);

select * from finish();
rollback;
