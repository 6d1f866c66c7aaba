-- What each customer bought, and what they will probably buy. Once a day a function counts all
-- customers of a business in one write, and a worker adds what a model expects of them
-- (docs/analytics.md). Segments, churn and values are views of these rows.

create table insight.customer_values (
    business_id uuid not null,
    customer_id uuid not null,
    -- The date in the zone of the business on which the row was counted, and what it is counted to.
    counted_on date not null,
    first_on date not null,
    last_on date not null,
    -- Days on which they bought something.
    purchases integer not null,
    -- What they bought, in the currency of the business: amounts of others are not added.
    currency text not null,
    value_minor bigint not null,
    -- What the model expects; null: no model fits the business.
    alive_bps integer,
    expected_purchases double precision,
    expected_minor double precision,

    primary key (business_id, customer_id),
    constraint customer_values_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint customer_values_days_are_in_order check (first_on <= last_on),
    constraint customer_values_bought_once check (purchases > 0),
    constraint customer_values_alive_is_a_share check (alive_bps between 0 and 10000),
    constraint customer_values_expected_together check (
        num_nulls(alive_bps, expected_purchases, expected_minor) in (0, 3)
    )
);
comment on table insight.customer_values is
'What each customer bought until a day, and what a model expects of them in the year after.';
comment on column insight.customer_values.customer_id is '[person: delete]';

-- How a business's customers were modelled: BG/NBD says how often they come, Gamma-Gamma what a
-- purchase is worth.
create table insight.value_models (
    business_id uuid not null references business.businesses (id) on delete cascade,
    fitted_at timestamptz not null,
    -- Customers that the parameters were fitted to.
    customers integer not null,
    r double precision not null,
    alpha double precision not null,
    a double precision not null,
    b double precision not null,
    p double precision not null,
    q double precision not null,
    v double precision not null,
    -- A model of the days before was compared with the last ones.
    test_days integer not null,
    expected_purchases double precision not null,
    actual_purchases integer not null,
    -- Mean absolute error of a customer, and of whoever goes on at the rate so far.
    error double precision not null,
    naive_error double precision not null,

    primary key (business_id)
);
comment on table insight.value_models is
'The parameters by which the customers of a business were valued, and the error of a back-test.';
