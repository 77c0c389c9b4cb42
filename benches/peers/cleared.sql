-- The drill-down from the statement, where it is asked for.
COPY (
    SELECT issuer, flow, i_event AS issuer_event_id, c_event AS acceptor_event_id,
        i_original AS original_event_id, i_order AS order_no, i_member AS issuer_member,
        c_member AS acceptor_member, i_at AS occurred_at, c_at AS accepted_at, matched_by,
        cleared AS points, cleared * num AS exact_numerator, den AS exact_denominator,
        agreed AS agreed_mirror, recorded AS recorded_mirror, ratio_from, rate,
        (cleared * rate)::DECIMAL(18, 6) AS amount
    FROM counted
) TO (getvariable('out') || '/cleared_events.parquet') (FORMAT parquet);
