-- What is priced. A seller (bookings, orders, memberships) makes lines; pricing knows nothing else
-- about what is sold.

-- One thing that somebody wants to buy. `reference` holds what the seller wants to find again on
-- the line of the quote, such as {"service_id": …, "addons": […]}.
create type pricing.line as (
    kind text,
    name text,
    quantity integer,
    unit_minor bigint,
    currency text,
    reference jsonb
);
