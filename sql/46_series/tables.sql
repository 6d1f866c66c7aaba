-- Series: one selection, repeated by a rule. Each occurrence is a booking of its own.

-- An RRULE (RFC 5545), as scheduling.to_recurrence reads it.
create type scheduling.recurrence as (
    frequency text,
    step integer,
    -- Numbers of the week's days, 1 is Monday, each with its ordinal, or 0 for every one.
    weekdays integer array,
    ordinals integer array,
    -- Days of the month; negative ones count from its end.
    month_days integer array,
    count integer,
    -- The last local wall clock that may be one.
    until timestamp
);
