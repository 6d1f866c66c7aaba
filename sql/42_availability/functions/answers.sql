-- Answers to the questions of a service. They are read like any argument: an answer must have the
-- kind of its question, or it is refused by its key. They are stored with the question as it was
-- asked.

/*
 * Read the answers to the questions of a service, sent as an object by key. Returns
 * [{key, label, kind, value}] in the order of the questions, without questions that have no answer.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.read_answers(service_id uuid, answers jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_questions catalog.service_questions[] = array(
        select service_questions
        from catalog.service_questions
        where service_questions.service_id = read_answers.service_id and service_questions.is_active
        order by service_questions.position, service_questions.key
    );
    v_question catalog.service_questions;
    v_unknown text;
    v_value jsonb;
    v_found jsonb = '[]';
begin
    select sent.key into v_unknown
    from jsonb_object_keys(answers) as sent (key)
    where not exists (select 1 from unnest(v_questions) as question where question.key = sent.key)
    limit 1;
    if found then
        perform private.invalid(
            'answers.' || left(regexp_replace(v_unknown, '[^ -~]', '?', 'g'), 50),
            'is not a question of this service'
        );
    end if;
    foreach v_question in array v_questions loop
        v_value = scheduling.to_answer(v_question, answers -> v_question.key);
        if v_value is not null then
            v_found = v_found || jsonb_build_object(
                'key', v_question.key,
                'label', v_question.label,
                'kind', v_question.kind,
                'value', v_value
            );
        elsif v_question.is_required then
            perform private.invalid('answers.' || v_question.key, 'is required');
        end if;
    end loop;
    return v_found;
end;
$$;

/*
 * Read one answer by the kind of its question. Null, blank and empty values are no answer.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_answer(question catalog.service_questions, value jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_argument text = 'answers.' || question.key;
    v_text text = btrim(value #>> '{}');
    v_expected text = case question.kind
        when 'number' then 'number'
        when 'yes_no' then 'boolean'
        when 'choices' then 'array'
        else 'string'
    end;
begin
    if v_text is null or v_text in ('', '[]') then
        return null;
    end if;
    if jsonb_typeof(value) <> v_expected then
        perform private.invalid(v_argument, case question.kind
            when 'number' then 'must be a number'
            when 'yes_no' then 'must be true or false'
            when 'choices' then 'must be a list of choices'
            else 'must be a text'
        end);
    end if;
    if question.kind in ('choice', 'choices') then
        return scheduling.to_choice(question, value);
    end if;
    v_text = private.to_text(
        v_text, v_argument, case question.kind when 'long_text' then 5000 else 500 end
    );
    if question.kind = 'number' then
        if abs(v_text::numeric) > 1e15 or scale(v_text::numeric) > 10 then
            perform private.invalid(
                v_argument, 'must be from -1e15 to 1e15 with at most 10 decimals'
            );
        end if;
    elsif question.kind = 'phone' and v_text !~ '^\+[1-9]\d{5,14}$' then
        perform private.invalid(v_argument, 'must be in international form, such as +491701234567');
    elsif question.kind = 'email' and (v_text !~ '^[^@\s]+@[^@\s]+$' or length(v_text) > 320) then
        perform private.invalid(v_argument, 'must be an e-mail address');
    end if;
    return case question.kind
        when 'number' then value
        when 'yes_no' then value
        when 'date' then to_jsonb(private.to_date(v_text, v_argument))
        else to_jsonb(v_text)
    end;
end;
$$;

/*
 * Read the chosen answers: each of the question's choices at most once, in the order of the
 * question.
 *
 * Errors:  PT400 invalid_input
 */
create function scheduling.to_choice(question catalog.service_questions, value jsonb)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_chosen jsonb = case question.kind when 'choice' then jsonb_build_array(value) else value end;
begin
    if exists (
        select 1
        from jsonb_array_elements(v_chosen) as chosen (value)
        where
            jsonb_typeof(chosen.value) <> 'string'
            or chosen.value #>> '{}' <> all(question.choices)
    ) then
        perform private.invalid(
            'answers.' || question.key, 'must be chosen from the question''s choices'
        );
    end if;
    if question.kind = 'choice' then
        return value;
    end if;
    return (
        select jsonb_agg(choices.choice order by choices.place)
        from unnest(question.choices) with ordinality as choices (choice, place)
        where v_chosen ? choices.choice
    );
end;
$$;
