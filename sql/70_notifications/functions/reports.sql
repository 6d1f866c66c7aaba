-- What providers report later about the messages that they accepted.

/*
 * Record a provider's report about a delivery: delivered, or bounced with a reason. Returns whether
 * the delivery is ours.
 * Definer: called by the edge, which has no access to the tables.
 */
create function engagement.record_report(
    provider text, provider_id text, status engagement.delivery_status, reason text
)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    for v_id in
        select notification_deliveries.id
        from engagement.notification_deliveries
        where
            notification_deliveries.provider = record_report.provider
            and notification_deliveries.provider_id = record_report.provider_id
    loop
        perform engagement.set_delivery_status(v_id, status, reason);
    end loop;
    return v_id is not null;
end;
$$;
