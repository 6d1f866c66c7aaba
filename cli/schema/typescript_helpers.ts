
type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">]

/** A row: `Tables<"bookings">`, or `Tables<{ schema: "analytics" }, "bookings">`. */
export type Tables<
  Name extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  Inner extends Name extends { schema: keyof DatabaseWithoutInternals }
    ? keyof (DatabaseWithoutInternals[Name["schema"]]["Tables"] &
        DatabaseWithoutInternals[Name["schema"]]["Views"])
    : never = never,
> = Name extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[Name["schema"]]["Tables"] &
      DatabaseWithoutInternals[Name["schema"]]["Views"])[Inner] extends { Row: infer Row }
    ? Row
    : never
  : Name extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[Name] extends { Row: infer Row }
      ? Row
      : never
    : never

/** What can be inserted: `TablesInsert<"services">`. */
export type TablesInsert<
  Name extends keyof DefaultSchema["Tables"] | { schema: keyof DatabaseWithoutInternals },
  Inner extends Name extends { schema: keyof DatabaseWithoutInternals }
    ? keyof DatabaseWithoutInternals[Name["schema"]]["Tables"]
    : never = never,
> = Name extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[Name["schema"]]["Tables"][Inner] extends { Insert: infer Insert }
    ? Insert
    : never
  : Name extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][Name] extends { Insert: infer Insert }
      ? Insert
      : never
    : never

/** What can be changed: `TablesUpdate<"services">`. */
export type TablesUpdate<
  Name extends keyof DefaultSchema["Tables"] | { schema: keyof DatabaseWithoutInternals },
  Inner extends Name extends { schema: keyof DatabaseWithoutInternals }
    ? keyof DatabaseWithoutInternals[Name["schema"]]["Tables"]
    : never = never,
> = Name extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[Name["schema"]]["Tables"][Inner] extends { Update: infer Update }
    ? Update
    : never
  : Name extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][Name] extends { Update: infer Update }
      ? Update
      : never
    : never

/** The values of an enum: `Enums<"booking_status">`. */
export type Enums<
  Name extends keyof DefaultSchema["Enums"] | { schema: keyof DatabaseWithoutInternals },
  Inner extends Name extends { schema: keyof DatabaseWithoutInternals }
    ? keyof DatabaseWithoutInternals[Name["schema"]]["Enums"]
    : never = never,
> = Name extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[Name["schema"]]["Enums"][Inner]
  : Name extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][Name]
    : never

/** A part of an answer: `CompositeTypes<"slot">`. */
export type CompositeTypes<
  Name extends keyof DefaultSchema["CompositeTypes"] | { schema: keyof DatabaseWithoutInternals },
  Inner extends Name extends { schema: keyof DatabaseWithoutInternals }
    ? keyof DatabaseWithoutInternals[Name["schema"]]["CompositeTypes"]
    : never = never,
> = Name extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[Name["schema"]]["CompositeTypes"][Inner]
  : Name extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][Name]
    : never
